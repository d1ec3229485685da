//! What must hold of every form of action, whichever is added.

mod examples;
mod grammar;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::kind::{Entity, Group};
use examples::EXAMPLES;
use grammar::matching;

fn parse(text: &str) -> Result<Action, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

/// An example with another value of one parameter.
fn with(example: &str, field: &str, value: Value) -> String {
    let mut all: Value = serde_json::from_str(example).unwrap();
    let form = all.as_object_mut().unwrap().values_mut().next().unwrap();
    form[field] = value;
    all.to_string()
}

#[test]
fn every_form_is_read_and_written_and_said_as_documented() {
    let kinds: Vec<ActionKind> = EXAMPLES
        .iter()
        .map(|(text, canonical, value)| {
            let action = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(serde_json::to_string(&action).unwrap(), *text);
            assert_eq!(action.canonical().unwrap(), *canonical);
            assert_eq!(action.file_value().unwrap().as_deref(), *value, "{text}");
            assert_eq!(matching(canonical), 1, "{canonical}");
            assert!(text.contains(&format!("\"{}\"", action.name())), "{text}");
            action.kind()
        })
        .collect();
    assert_eq!(kinds, ActionKind::ALL, "one example of each form, in the order of the catalogue");
}

#[test]
fn the_catalogue_is_the_documented_one() {
    assert_eq!(ActionKind::COUNT, 45);
    let count = |risk: Risk| ActionKind::ALL.iter().filter(|kind| kind.form().risk == risk).count();
    assert_eq!((count(Risk::Info), count(Risk::Disruptive)), (12, 6));
    for kind in ActionKind::ALL {
        let form = kind.form();
        assert_eq!(form.kind, kind);
        assert_eq!(serde_json::to_value(kind).unwrap(), json!(form.name));
        assert_eq!(serde_json::from_value::<ActionKind>(json!(form.name)).unwrap(), kind);
        assert!(form.effect.ends_with('.') && form.effect.len() <= 90, "{}", form.effect);
        assert!(form.risk != Risk::Info || form.answers.is_empty() && form.undo == Undo::None);
        let holes = form.grammar.matches('{').count();
        assert!(holes <= form.fields.len(), "{}", form.grammar);
    }
}

#[test]
fn fields_that_are_unknown_missing_or_said_twice_are_refused() {
    for (text, ..) in EXAMPLES {
        let name = parse(text).unwrap().name();
        let fields = parse(text).unwrap().kind().form().fields;
        if fields.is_empty() {
            assert!(parse(&format!("{{{text}:{{}}}}")).is_err(), "{text}");
            continue;
        }
        let error = parse(&with(text, "more", json!(1))).unwrap_err();
        assert!(error.contains("unknown field `more`, expected"), "{error}");
        for field in fields {
            assert!(error.contains(&format!("`{}`", field.name)), "{error}");
            let all: Value = serde_json::from_str(text).unwrap();
            let twice = format!("{{\"{}\":{},", field.name, all[name][field.name]);
            let error = parse(&text.replacen(":{", &format!(":{twice}"), 1)).unwrap_err();
            assert!(error.contains(&format!("duplicate field `{}`", field.name)), "{error}");
        }
        assert!(parse(&format!("{{\"{name}\":{{}}}}")).unwrap_err().contains("missing field"));
        assert!(parse(&format!("{},{}", &text[..text.len() - 1], &text[1..])).is_err(), "{text}");
    }
    assert!(parse(r#"{"kill_process":{"process":"proc#7"}}"#).unwrap_err().contains("unknown"));
}

#[test]
fn every_bound_is_kept_and_just_outside_is_refused_with_it() {
    let mut seen = 0;
    for (text, ..) in EXAMPLES {
        for field in parse(text).unwrap().kind().form().fields {
            if let Some(Accepts::Whole { low, high }) = field.accepts.first() {
                check_bounds(text, field.name, *low, *high);
                seen += 1;
            }
        }
    }
    assert!(seen > 25, "{seen}");
}

fn check_bounds(text: &str, field: &str, low: u64, high: u64) {
    let refuse = |value: Value| {
        let error = parse(&with(text, field, value.clone()));
        error.expect_err(&format!("{text}: {field} of {value}"))
    };
    for inside in [low, high] {
        parse(&with(text, field, json!(inside))).unwrap();
    }
    for outside in [json!(low - 1), json!(high + 1), json!(-1), json!(u64::MAX)] {
        let error = refuse(outside);
        assert!(error.contains(&format!("{low} to {high}")), "{error}");
    }
    for wrong in ["1e3", "10.0", "true", "null", "\"010\"", "\"10\"", "[10]"] {
        refuse(serde_json::from_str(wrong).unwrap());
    }
}

#[test]
fn sizes_and_times_may_have_their_units() {
    let bytes = |text: &str| {
        let text = format!(r#"{{"limit_cgroup_swap":{{"group":"/a","bytes":"{text}"}}}}"#);
        parse(&text).map(|action| action.file_value().unwrap().unwrap())
    };
    assert_eq!(bytes("16KiB").unwrap(), "16384");
    assert_eq!(bytes("1GiB512MiB").unwrap(), "1610612736");
    for text in ["", "1KiB", "0MiB", "16", "16KB", "016KiB", "1e3B", "17TiB", "-1GiB", "1.5GiB"] {
        assert!(bytes(text).unwrap_err().contains("4096 to 17592186044416"), "{text}");
    }
    assert!(bytes("99999999999999999999TiB").is_err() && bytes("18446744073709551615TiB").is_err());
    let pause = r#"{"pause_process":{"process":"proc#7","lasts":"1m"}}"#;
    assert!(parse(pause).is_ok());
    assert!(parse(&pause.replace("1m", "1m1s")).unwrap_err().contains("`1m1s` is no time"));
}

#[test]
fn words_keys_and_speeds_are_those_of_the_catalogue() {
    let io = EXAMPLES.iter().find(|(text, ..)| text.contains("io_priority")).unwrap().0;
    assert!(parse(&with(io, "level", json!("idle"))).is_ok());
    for level in [json!(8), json!(3), json!("realtime"), json!("Idle")] {
        assert!(parse(&with(io, "level", level)).is_err());
    }
    let chrt = EXAMPLES.iter().find(|(text, ..)| text.contains("class")).unwrap().0;
    assert!(parse(&with(chrt, "class", json!("fifo"))).is_err());
    let limit = EXAMPLES.iter().find(|(text, ..)| text.contains("throttle_io")).unwrap().0;
    for bad in [json!({"rbps": 65_535}), json!({"riops": 9}), json!({"rps": 70_000}), json!({})] {
        assert!(parse(&with(limit, "limit", bad)).is_err());
    }
    assert!(parse(&with(limit, "limit", json!({"rbps": 70_000, "wbps": 70_000}))).is_err());
    let speed = EXAMPLES.iter().find(|(text, ..)| text.contains("mbit")).unwrap().0;
    assert!(parse(&with(speed, "mbit", json!(10))).unwrap_err().contains("100 to 400000"));
    assert!(parse(&with(speed, "mbit", json!(3000))).unwrap_err().contains("100, 1000, 2500"));
}

#[test]
fn targets_are_typed_by_what_they_name() {
    let process = |text: &str| text.parse::<ProcessRef>();
    for text in ["proc#7", "process:5678:99", "batch", "kworker/0:1"] {
        assert_eq!(process(text).unwrap().to_string(), text);
    }
    for text in [
        "",
        "proc#0",
        "proc#07",
        "proc#+7",
        "proc#9999999999",
        "process:1:0",
        "process:2:0",
        "process:-1:0",
        "process:5678",
        "process:4194305:0",
        "process:٥٦٧٨:0",
        "a\nb",
    ] {
        assert!(process(text).is_err(), "{text}");
    }
    let entity = Entity::Process(5678, 99).to_string();
    assert!(matches!(process(&entity), Ok(ProcessRef::Exact { start: 99, .. })));
    let group = |text: &str| text.parse::<GroupRef>().map(|group| group.to_string());
    assert_eq!(group("cgroup:/a.slice/b@1.service").unwrap(), "/a.slice/b@1.service");
    assert_eq!(group("cg#4").unwrap(), "cg#4");
    let entity = Entity::Cgroup(Group::at(b"/a"));
    assert_eq!(group(&entity.to_string()).unwrap(), "/a");
    let bad = ["/", "a", "", "/a/../b", "/a//b", "/-a", "/.a", "/a b", "/a;id", "/a\n", "cg#x"];
    for text in bad {
        assert!(group(text).is_err(), "{text}");
    }
    let disk = |text: &str| text.parse::<DiskRef>().map(|disk| disk.to_string());
    assert_eq!(disk("sda").unwrap(), "disk:sda");
    assert_eq!(disk("disk:sda").unwrap(), "disk:sda");
    assert!(disk("8:0").is_ok() && disk("0:0").is_err() && disk("8:1048576").is_err());
    assert!(Pid::new(2).is_err() && Pid::new(4_194_304).is_ok() && Handle::new(0).is_err());
    assert_eq!(Device::new(8, 16).unwrap().get(), (8, 16));
    assert!("lo".parse::<NicRef>().is_err() && "eth0".parse::<NicRef>().is_ok());
    assert!("/etc".parse::<MountRef>().is_ok() && "etc".parse::<MountRef>().is_err());
    let throttle = EXAMPLES.iter().find(|(text, ..)| text.contains("throttle_io")).unwrap().0;
    let throttle = parse(throttle).unwrap();
    let targets = throttle.targets();
    assert!(matches!(targets[..], [Target::Group(_), Target::Disk(_)]), "{targets:?}");
}

#[test]
fn what_is_not_resolved_has_no_canonical_text() {
    for (text, parameter) in [
        (r#"{"resume_process":{"process":"batch"}}"#, "process"),
        (r#"{"resume_process":{"process":"proc#7"}}"#, "process"),
        (r#"{"show_process":{"process":"process:5678:99"}}"#, "process"),
        (r#"{"show_cgroup_usage":{"group":"/a"}}"#, "group"),
        (r#"{"thaw_cgroup":{"group":"cg#4"}}"#, "group"),
        (r#"{"reduce_readahead":{"disk":"sda","kb":64}}"#, "disk"),
        (r#"{"flush_buffers":{"mount":"/"}}"#, "mount"),
        (r#"{"force_network_speed":{"nic":"eth0","mbit":1000}}"#, "nic"),
    ] {
        assert_eq!(parse(text).unwrap().canonical(), Err(Unresolved { parameter }), "{text}");
    }
}

/// Any value of a parameter, in the form that the grammar names.
fn value(field: &Field, risk: Risk) -> BoxedStrategy<Value> {
    let text = |pattern: &str| {
        let strategy = proptest::string::string_regex(pattern).unwrap();
        strategy.prop_map(Value::from).boxed()
    };
    let handle = |prefix: &str| text(&format!("{prefix}#[1-9][0-9]{{0,8}}"));
    match (field.name, risk) {
        ("process", Risk::Info) => handle("proc"),
        ("process", _) => (3..=4_194_304u64, any::<u64>())
            .prop_map(|(pid, start)| json!(format!("process:{pid}:{start}")))
            .boxed(),
        ("group", Risk::Info) => handle("cg"),
        ("group", _) => text("(/[A-Za-z0-9_@:][A-Za-z0-9_@:-]{0,12}(\\.slice)?){1,6}"),
        ("disk", _) => text("[1-9][0-9]{0,2}:(0|[1-9][0-9]{0,5})"),
        ("nic", _) => handle("if"),
        ("mount", _) => handle("mnt"),
        ("cpus", _) => text("[0-3](-[4-9])?(,1[1-3](-2[0-9])?)?"),
        _ => prop::sample::select(field.accepts).prop_flat_map(plain).boxed(),
    }
}

fn plain(accepts: Accepts) -> BoxedStrategy<Value> {
    match accepts {
        Accepts::Whole { low, high } => (low..=high).prop_map(Value::from).boxed(),
        Accepts::Numbers(all) => prop::sample::select(all).prop_map(Value::from).boxed(),
        Accepts::Words(all) => prop::sample::select(all).prop_map(Value::from).boxed(),
        Accepts::Text { example, .. } => Just(json!(example)).boxed(),
        Accepts::Keyed(keys) => prop::sample::select(keys)
            .prop_flat_map(|(key, accepts)| {
                plain(accepts[0]).prop_map(move |one| json!({key: one}))
            })
            .boxed(),
    }
}

/// Any action of any form, as JSON.
fn any_action() -> impl Strategy<Value = Value> {
    prop::sample::select(&ActionKind::ALL[..]).prop_flat_map(|kind| {
        let form = kind.form();
        let values: Vec<_> = form.fields.iter().map(|field| value(field, form.risk)).collect();
        values.prop_map(move |values| {
            let names = form.fields.iter().map(|field| field.name.to_owned());
            let fields: serde_json::Map<_, _> = names.zip(values).collect();
            if fields.is_empty() { json!(form.name) } else { json!({ form.name: fields }) }
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn every_action_is_one_line_of_the_grammar(json in any_action()) {
        // A swap that is watched for longer than it may be is the one text that is out of range.
        let Ok(action) = serde_json::from_value::<Action>(json.clone()) else {
            prop_assert!(json.to_string().contains("30s"), "{}", json);
            return Ok(());
        };
        let line = action.canonical().unwrap();
        prop_assert_eq!(matching(&line), 1, "{}", line);
        prop_assert!(line.is_ascii() && !line.contains(|letter: char| letter.is_control()));
        let written = serde_json::to_string(&action).unwrap();
        prop_assert_eq!(parse(&written).unwrap(), action);
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC{0,40}", which in 0..EXAMPLES.len()) {
        drop(parse(&text));
        let kind = ActionKind::ALL[which];
        for field in kind.form().fields {
            drop(parse(&with(EXAMPLES[which].0, field.name, json!(text))));
        }
    }

    #[test]
    fn names_from_outside_cannot_write_a_line(text in "\\PC{0,40}") {
        let process = json!({"terminate_process": {"process": text}});
        if let Ok(action) = serde_json::from_value::<Action>(process) {
            prop_assert!(action.canonical().is_err() || text.starts_with("process:"));
        }
        let group = json!({"thaw_cgroup": {"group": format!("/{text}")}});
        if let Ok(action) = serde_json::from_value::<Action>(group) {
            prop_assert_eq!(matching(&action.canonical().unwrap()), 1);
        }
    }
}
