//! What a server and a network can do instead of answering.

use std::time::Duration;

use tokio::time::Instant;

use super::fake::reply::Writes;
use super::fake::{Answer, Fake, Reply, errors};
use super::{Bench, look, playing, words};

/// Asked to come again at once.
fn again(code: u16) -> Answer {
    let Answer::Status { body, content_type, .. } = errors::standard(code, "UNAVAILABLE", "x", &[])
    else {
        panic!("it is a status")
    };
    Answer::Status { code, body, headers: vec![("retry-after", "0".to_owned())], content_type }
}

#[test]
fn a_server_that_recovers_is_asked_again_and_every_attempt_counts() {
    let server = playing(vec![|| again(503), || again(500), words]);
    let mut bench = Bench::new(&server, "", 10);
    let reply = bench.ask();
    assert_eq!(reply.text.as_deref(), Some("\"next\""));
    assert_eq!(reply.used.unwrap().requests, 3);
}

#[test]
fn a_wait_that_is_asked_for_is_kept_and_one_that_is_too_long_is_not() {
    let server = playing(vec![|| errors::exhausted(Some("0.5s"), None), words]);
    let mut bench = Bench::new(&server, "", 10);
    let began = Instant::now();
    assert!(bench.ask().text.is_some());
    assert!(began.elapsed() >= Duration::from_millis(500));
    let server = playing(vec![|| errors::exhausted(Some("3600s"), None)]);
    let mut bench = Bench::new(&server, "", 10);
    let problem = bench.ask().problem.unwrap();
    assert!(problem.contains("failed 1 times (429"), "{problem}");
    // Where there is no time for the wait, the deadline is named.
    let server = playing(vec![|| errors::exhausted(Some("30s"), None)]);
    let problem = Bench::new(&server, "", 2).ask().problem.unwrap();
    assert!(problem.contains("within 2 s (the last answer was 429)"), "{problem}");
}

#[test]
fn what_is_no_reply_is_told_and_nothing_breaks() {
    type Case = (fn() -> Answer, &'static str);
    let answers: [Case; 6] = [
        (|| page("<html>hello</html>"), "no reply"),
        (|| page("{\"candidates\":["), "no reply"),
        (|| Answer::Huge(9 << 20), "no reply: it has more than 8388608 bytes"),
        (|| Answer::Reply(Reply::blocked("SAFETY")), "blocked what it was asked: SAFETY"),
        (|| Answer::Reply(Reply::new().finish("MAX_TOKENS")), "used up its room"),
        (|| Answer::Reply(Reply::new().finish("NEW_2027")), "ended with NEW_2027"),
    ];
    for (answer, words) in answers {
        let server = Fake::start(move |_| answer());
        let problem = Bench::new(&server, "", 5).ask().problem.unwrap();
        assert!(problem.contains(words), "{problem}: {words}");
    }
}

/// 200 with a page that is no reply.
fn page(body: &str) -> Answer {
    let (body, headers, content_type) = (body.to_owned(), Vec::new(), "text/html");
    Answer::Status { code: 200, body, headers, content_type }
}

#[test]
fn an_empty_reply_is_asked_for_once_more() {
    let empty = || Answer::Reply(Reply::new());
    let server = playing(vec![empty, words]);
    let reply = Bench::new(&server, "", 10).ask();
    assert_eq!(reply.text.as_deref(), Some("\"next\""));
    let server = playing(vec![empty]);
    let problem = Bench::new(&server, "", 10).ask().problem.unwrap();
    assert!(problem.contains("without anything in it"), "{problem}");
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn who_drips_stalls_or_breaks_off_is_left_at_the_deadline() {
    let drips = || {
        let reply = Reply::new().text("so").writes(Writes::Bytes(1));
        Answer::Drip { reply, every: Duration::from_millis(200) }
    };
    let answers: [fn() -> Answer; 3] =
        [drips, || Answer::Stall(Duration::from_secs(20)), || Answer::Close];
    for answer in answers {
        let server = Fake::start(move |_| answer());
        let began = Instant::now();
        let problem = Bench::new(&server, "", 2).ask().problem.unwrap();
        assert!(problem.contains("within 2 s"), "{problem}");
        assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    }
}

#[test]
fn a_stream_says_the_same_however_it_is_cut() {
    for writes in [Writes::Frame, Writes::All, Writes::Bytes(7), Writes::Bytes(1)] {
        let server = Fake::start_strict(move |asked| {
            let reply = Reply::new().text("so").writes(writes);
            Answer::Reply(if asked.number == 0 {
                reply.call("query_signals", &look(5))
            } else {
                reply.signed_text("")
            })
        });
        let mut bench = Bench::new(&server, "stream = true\n", 10);
        bench.call();
        bench.next();
        bench.next();
        assert!(server.requests().iter().all(|sent| sent.refusal.is_none()));
        assert!(server.requests()[0].path.ends_with(":streamGenerateContent?alt=sse"));
    }
}

#[test]
fn a_model_without_room_is_followed_by_the_next_and_signatures_stay_behind() {
    let server = Fake::start_strict(|asked| match (asked.model, asked.number) {
        ("gemini-3.8-flash", 0) => Answer::Reply(Reply::new().call("query_signals", &look(5))),
        ("gemini-3.8-flash", _) => errors::no_capacity(),
        _ => words(),
    });
    let mut bench = Bench::new(&server, "fallback = [\"gemini-4-hydrogen\"]\n", 10);
    bench.call();
    bench.next();
    bench.next();
    let sent = server.requests();
    let last = sent.last().unwrap();
    assert!(last.path.contains("gemini-4-hydrogen") && last.refusal.is_none(), "{last:?}");
    let body = String::from_utf8(last.body.clone()).unwrap();
    assert!(!body.contains("thoughtSignature") && body.contains("query_signals"), "{body}");
}

#[test]
fn the_key_is_sent_as_a_header_and_stands_in_no_address() {
    let server = playing(vec![words]);
    Bench::new(&server, "", 10).ask();
    let sent = server.requests().remove(0);
    assert_eq!(sent.header("x-goog-api-key"), Some(Fake::key()));
    assert!(!sent.path.contains(Fake::key()));
    assert_eq!(sent.path, "/v1beta/models/gemini-3.8-flash:generateContent");
}
