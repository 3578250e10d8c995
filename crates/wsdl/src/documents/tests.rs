use super::*;

fn archive(paths: &[&str]) -> Archive {
    let mut archive = Archive::new();
    for path in paths {
        archive.insert(path, path.as_bytes().to_vec()).expect("a path");
    }
    archive
}

fn fetch(archive: &Archive, path: &str) -> Result<String, Refusal> {
    archive.fetch(&Location::path(path).expect("a path")).map(|found| found.location.to_string())
}

#[test]
fn files_are_found_in_another_case_where_one_has_it() {
    let archive = archive(&["Types/A.xsd", "types/b.xsd", "types/B.XSD"]);
    assert_eq!(fetch(&archive, "types/a.XSD"), Ok("Types/A.xsd".to_owned()));
    assert_eq!(fetch(&archive, "types/b.xsd"), Ok("types/b.xsd".to_owned()));
    let both = vec!["types/b.xsd".to_owned(), "types/B.XSD".to_owned()];
    assert_eq!(fetch(&archive, "Types/b.xsd"), Err(Refusal::Ambiguous(both)));
    assert_eq!(fetch(&archive, "types/c.xsd"), Err(Refusal::Absent(String::new())));
}

#[test]
fn what_is_not_in_the_archive_is_outside() {
    let url = Location::url("http://h/a.xsd").expect("a URL");
    assert_eq!(archive(&["a.xsd"]).fetch(&url), Err(Refusal::Outside));
}

#[test]
fn litter_of_macos_is_left_out() {
    let archive =
        archive(&["__MACOSX/._a.wsdl", "x/__MACOSX/b.wsdl", "._a.wsdl", "x/.DS_Store", "a.wsdl"]);
    let paths: Vec<_> = archive.iter().map(|(path, _)| path).collect();
    assert_eq!(paths, ["a.wsdl"]);
}

#[test]
fn paths_out_of_the_root_are_refused() {
    for path in ["../a.wsdl", "/a.wsdl", "a/../../b", "a\\b", "c:/x"] {
        assert!(Archive::new().insert(path, "").is_err(), "{path}");
    }
}

#[test]
fn refusals_say_what_is_wrong() {
    assert_eq!(Refusal::Absent(String::new()).to_string(), "there is no such document");
    assert_eq!(Refusal::Absent("404".to_owned()).to_string(), "there is no such document: 404");
}
