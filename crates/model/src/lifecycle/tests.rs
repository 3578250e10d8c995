#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use super::*;

#[test]
fn each_state_has_its_moves_in_order() {
    let moves = |state: State| {
        let named = state.moves().map(|(action, to)| format!("{action} -> {to}"));
        named.collect::<Vec<_>>().join(", ")
    };
    assert_eq!(
        State::ALL.map(moves),
        [
            "Publish -> Published, Deploy as a Prototype -> Prototyped",
            "Publish -> Published, Demote to Created -> Created",
            "Deploy as a Prototype -> Prototyped, Block -> Blocked, Demote to Created -> Created, \
             Deprecate -> Deprecated",
            "Re-Publish -> Published, Deprecate -> Deprecated",
            "Retire -> Retired",
            "",
        ]
    );
}

/// Every action in every state: one of the moves, one that changes nothing, or a refusal.
#[test]
fn what_is_no_move_is_refused() {
    let mut counts = [0; 3];
    for state in State::ALL {
        for action in Action::ALL {
            match state.after(action) {
                Ok(to) if to == state => counts[1] += 1,
                Ok(to) => {
                    assert!(state.moves().any(|found| found == (action, to)));
                    counts[0] += 1;
                }
                Err(refused) => {
                    assert_eq!(refused, NoSuchMove { state, action });
                    counts[2] += 1;
                }
            }
        }
    }
    assert_eq!(counts, [11, 2, 29]);
    let told = State::Retired.after(Action::Publish).unwrap_err().to_string();
    assert_eq!(told, "`Publish` is not possible in the state Retired");
}

#[test]
fn names_are_read_as_they_are_written() {
    for state in State::ALL {
        assert_eq!(State::parse(state.name()), Some(state));
        assert_eq!(State::parse(state.status()), Some(state));
    }
    assert_eq!(State::parse("pre-released"), Some(State::Prototyped));
    for action in Action::ALL {
        assert_eq!(Action::parse(&action.name().to_ascii_uppercase()), Some(action));
    }
    assert_eq!((State::parse("Gone"), Action::parse("")), (None, None));
}

#[test]
fn checklists_are_read() {
    let both = "Deprecate old versions after publishing the API:true,\
                Requires re-subscription when publishing the API:false";
    let wished = ChecklistItem::parse_list(both);
    assert_eq!(wished.unwrap(), [ChecklistItem::DeprecateOlder]);
    assert_eq!(ChecklistItem::parse_list(""), Ok(Vec::new()));
    assert_eq!(
        ChecklistItem::parse_list("Make coffee:true"),
        Err(ChecklistError::Unknown("Make coffee".to_owned()))
    );
    let item = ChecklistItem::Resubscribe.name();
    assert_eq!(
        ChecklistItem::parse_list(&format!("{item}:perhaps")),
        Err(ChecklistError::NoValue(format!("{item}:perhaps")))
    );
    assert_eq!(State::Created.checklist().len(), 2);
    assert!(State::Published.checklist().is_empty());
}
