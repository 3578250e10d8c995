//! A sample of WSO2's.

use wsdl::description::{BindingKind, Shape};
use wsdl::schema::Builtin;
use wsdl::{Archive, Limits, Location, read};

#[test]
fn phoneverify() {
    let path = testkit::workspace_root()
        .join("../shared/fixtures/wso2/integration-samples/phoneverify.wsdl");
    let Ok(bytes) = std::fs::read(&path) else {
        eprintln!("skipped: there is no {}", path.display());
        return;
    };
    let mut archive = Archive::new();
    archive.insert("phoneverify.wsdl", bytes).unwrap();
    let root = Location::path("phoneverify.wsdl").unwrap();
    let reading = read(&archive, &root, &Limits::default());
    assert!(reading.found.is_empty(), "{:?}", reading.found);
    let description = reading.description.unwrap();
    let ports: Vec<_> = description.services()[0]
        .ports
        .iter()
        .map(|port| (port.name.as_str(), port.address().unwrap()))
        .collect();
    let address = "http://ws.cdyne.com/phoneverify/phoneverify.asmx";
    assert_eq!(
        ports,
        [
            ("PhoneVerifySoap", address),
            ("PhoneVerifySoap12", address),
            ("PhoneVerifyHttpGet", address),
            ("PhoneVerifyHttpPost", address),
        ]
    );
    let soap: Vec<_> = description
        .calls()
        .filter(|call| matches!(call.binding.kind, BindingKind::Soap { .. }))
        .map(|call| {
            let is_wrapped = matches!(call.bound.shape, Shape::Wrapped { .. });
            (call.operation.name.as_str(), call.bound.soap_action.as_deref(), is_wrapped)
        })
        .collect();
    let [one, many] = ["CheckPhoneNumber", "CheckPhoneNumbers"]
        .map(|name| (name, format!("http://ws.cdyne.com/PhoneVerify/query/{name}")));
    let expected = [(one.0, Some(&*one.1), true), (many.0, Some(&*many.1), true)];
    assert_eq!(soap, [expected[0], expected[1], expected[0], expected[1]]);
    let schemas = description.schemas();
    let namespace = "http://ws.cdyne.com/PhoneVerify/query";
    let valid = schemas.find_type(namespace, "PhoneReturn").unwrap();
    let content = schemas.content(valid);
    let wsdl::schema::Term::Model(model) = &content[0].term else { panic!() };
    assert_eq!(model.particles.len(), 27);
    let wsdl::schema::Term::Element(second) = model.particles[1].term else { panic!() };
    assert_eq!(schemas.atomic(schemas.element(second).type_id), Some(Builtin::Boolean));
}
