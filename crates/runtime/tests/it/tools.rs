//! What tools do to the workspace, and what they can't do.

use crate::house::{House, answers, brisk, failure, streamed, tool_ends};
use cowork_domain::{
    policy::{Ceiling, ManagedPolicy, PermissionCeilings},
    runtime_event::{RuntimeEvent, TaskStatus, ToolStatus},
};
use cowork_runtime::TurnLimits;

#[tokio::test]
async fn directives_run_in_order_over_several_rounds() {
    let house = House::new().await;
    let events = house.run("[[todo:first;second]][[write:a.txt|hello]][[read:a.txt]][[task:Look around]][[question:Which?|A]] bye").await;
    let ends = tool_ends(&events);
    let names: Vec<_> = ends.iter().map(|(name, status, _)| (*name, *status)).collect();
    assert_eq!(names, ["todo", "write", "read", "task", "question"].map(|name| (name, ToolStatus::Complete)));
    assert_eq!(ends[2].2, "hello");
    assert_eq!(answers(&events), ["answer: A\necho: bye"]);
    assert_eq!(streamed(&events, "m6"), "answer: A\necho: bye", "messages are numbered by round");

    let todos = events.iter().find_map(|event| if let RuntimeEvent::Todos(todos) = event { Some(todos) } else { None });
    let todos: Vec<_> = todos.expect("reported").iter().map(|todo| (todo.content.as_str(), todo.status.as_str())).collect();
    assert_eq!(todos, [("first", "pending"), ("second", "pending")]);

    let tasks: Vec<_> = events.iter().filter_map(|event| if let RuntimeEvent::Task(task) = event { Some(task) } else { None }).collect();
    assert_eq!(tasks.iter().map(|task| task.status).collect::<Vec<_>>(), [TaskStatus::Running, TaskStatus::Complete]);
    assert_eq!((tasks[1].title.as_str(), tasks[1].content.as_str()), ("Look around", "echo: Look around"));
    assert_eq!(tasks[0].id, tasks[1].id);

    let ids = events.iter().filter_map(|event| if let RuntimeEvent::Tool(report) = event { Some(report.id.as_str()) } else { None });
    assert_eq!(ids.collect::<std::collections::HashSet<_>>().len(), 5, "one id per call, the same in all its reports");
}

#[tokio::test]
async fn a_tool_goes_as_far_as_the_organisations_policy_lets_it() {
    let house = House::new().await;
    let ceilings = PermissionCeilings { file_write: Ceiling::Deny, task: Ceiling::Ask, ..PermissionCeilings::default() };
    house.keys.allow(ManagedPolicy { permission_ceilings: ceilings, ..ManagedPolicy::default() });
    let events = house.run("[[write:a.txt|hello]][[task:Look around]] bye").await;
    let ends = tool_ends(&events);
    assert_eq!(ends[0], ("write", ToolStatus::Error, "the organization's policy doesn't allow write"));
    assert_eq!((ends[1].0, ends[1].1), ("task", ToolStatus::Complete));
    let asked = events.iter().filter_map(|event| match event {
        RuntimeEvent::PermissionRequested { tool, .. } => Some(tool.as_str()),
        _ => None,
    });
    assert_eq!(asked.collect::<Vec<_>>(), ["task"], "for what is denied anyway nobody is asked");
    assert!(!house.workspace().join("a.txt").exists());
    assert_eq!(answers(&events), ["echo: bye"], "the turn goes on");
}

#[tokio::test]
async fn a_model_that_the_organisations_policy_excludes_answers_nobody() {
    let without_model = ManagedPolicy { denied_models: vec!["demo/demo".into()], ..ManagedPolicy::default() };
    let without_provider = ManagedPolicy { denied_providers: vec!["demo".into()], ..ManagedPolicy::default() };
    for (policy, code) in [(without_model, "byok.model_not_allowed"), (without_provider, "byok.provider_disabled")] {
        let house = House::new().await;
        house.keys.allow(policy);
        assert_eq!(failure(&house.run("hello").await), code);
    }
}

#[tokio::test]
async fn a_tool_that_the_profile_does_not_name_is_neither_offered_nor_run() {
    let house = House::allowing(&["read"]).await;
    let events = house.run("[[write:a.txt|hello]][[read:a.txt]] bye").await;
    let ends = tool_ends(&events);
    assert_eq!(ends[0], ("write", ToolStatus::Error, "there is no tool named write"));
    assert_eq!((ends[1].0, ends[1].1), ("read", ToolStatus::Error), "there is nothing to read");
    assert!(!house.workspace().join("a.txt").exists());
    assert_eq!(answers(&events), ["echo: bye"], "the turn goes on");
}

#[tokio::test]
async fn an_artifact_is_described_exactly() {
    let house = House::new().await;
    let events = house.run("[[artifact:report.csv|a,b]]").await;
    let Some(RuntimeEvent::Artifact { id, filename, path, mime, size, sha256 }) =
        events.iter().find(|event| matches!(event, RuntimeEvent::Artifact { .. }))
    else {
        panic!("published: {events:?}")
    };
    assert!(id.len() == 36 && id.starts_with("art_"), "{id}");
    assert_eq!((filename.as_str(), mime.as_str(), *size), ("report.csv", "text/csv", 3));
    assert_eq!(sha256, "1eb7c54d52831bbfe8942af0b1c56b7409523a59ed6ca99c1174fef7eb32c1b5");
    assert_eq!(std::fs::read_to_string(house.workspace().join(path)).expect("in the workspace"), "a,b");
}

#[tokio::test]
async fn nothing_outside_of_the_workspace_is_reached() {
    let house = House::new().await;
    house.run("[[write:inside.txt|x]]").await;
    let secret = house.workspace().with_file_name("secret.txt");
    std::fs::write(&secret, "secret").expect("written");
    std::os::unix::fs::symlink(&secret, house.workspace().join("link")).expect("linked");
    std::os::unix::fs::symlink(house.workspace().parent().expect("there"), house.workspace().join("up")).expect("linked");

    let paths = ["../secret.txt", "a/../../secret.txt", "/etc/hostname", "link", "up/secret.txt"];
    for path in paths {
        let events = house.run(&format!("[[read:{path}]][[write:{path}|changed]]")).await;
        let ends = tool_ends(&events);
        assert_eq!(ends.len(), 2);
        for (name, status, output) in ends {
            assert_eq!(status, ToolStatus::Error, "{name} {path}: {output}");
            assert!(output.contains("out of the workspace"), "{name} {path}: {output}");
        }
    }
    assert_eq!(std::fs::read_to_string(&secret).expect("still there"), "secret");
    let events = house.run("[[artifact:../x|y]]").await;
    assert_eq!(tool_ends(&events)[0].1, ToolStatus::Error);
}

#[tokio::test]
async fn a_pipe_is_refused_and_not_waited_for() {
    let house = House::new().await;
    house.run("[[write:inside.txt|x]]").await;
    let pipe = house.workspace().join("pipe");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).expect("made");
    std::os::unix::fs::symlink("pipe", house.workspace().join("link")).expect("linked");
    let refused = async || {
        let events = house.run("[[read:pipe]][[read:link]][[write:link|changed]]").await;
        let outputs: Vec<_> = tool_ends(&events).into_iter().map(|(_, status, output)| (status, output.to_owned())).collect();
        assert_eq!(outputs, vec![(ToolStatus::Error, "this is not a regular file".to_owned()); 3]);
    };
    refused().await;
    // With somebody at the other end it can be opened.
    let _both_ends = std::fs::OpenOptions::new().read(true).write(true).open(&pipe).expect("opened");
    refused().await;
}

#[tokio::test]
async fn a_link_is_written_through() {
    let house = House::new().await;
    house.run("[[write:inside.txt|long before]]").await;
    std::os::unix::fs::symlink("inside.txt", house.workspace().join("link")).expect("linked");
    std::os::unix::fs::symlink("new.txt", house.workspace().join("ahead")).expect("linked");
    house.run("[[write:link|after]][[write:ahead|made]]").await;
    let read = |name: &str| std::fs::read_to_string(house.workspace().join(name)).expect("there");
    assert_eq!((read("inside.txt"), read("new.txt")), ("after".to_owned(), "made".to_owned()));
    assert!(house.workspace().join("link").is_symlink());
}

#[tokio::test]
async fn files_have_a_bound() {
    let house = House::with(TurnLimits { max_file_bytes: 10, ..brisk() }, None).await;
    let events = house.run("[[write:a.txt|more than ten bytes]][[read:missing.txt]][[read:.]]").await;
    let outputs: Vec<_> = tool_ends(&events).into_iter().map(|(_, status, output)| (status, output)).collect();
    assert_eq!(
        outputs,
        [
            (ToolStatus::Error, "the file is too large"),
            (ToolStatus::Error, "there is no such file or folder"),
            (ToolStatus::Error, "this is a folder"),
        ]
    );
}

#[tokio::test]
async fn a_command_runs_in_a_sandbox_or_not_at_all() {
    let house = House::new().await;
    let events = house.run("[[bash:echo hello > made.txt; cat made.txt]]").await;
    let (_, status, output) = tool_ends(&events)[0];
    if status == ToolStatus::Complete {
        assert_eq!(output, "hello\n");
        assert!(house.workspace().join("made.txt").exists());
        let events = house.run("[[bash:cat /etc/passwd /proc/1/environ; touch /usr/x; exit 3]]").await;
        let (_, status, output) = tool_ends(&events)[0];
        assert!(status == ToolStatus::Error && output.ends_with("[exit status 3]") && !output.contains("root:"), "{output}");
    } else {
        assert!(output.starts_with("no sandbox on this machine"), "{output}");
        assert!(!events.iter().any(|event| matches!(event, RuntimeEvent::PermissionRequested { .. })), "nobody is asked in vain");
    }
}

#[tokio::test]
async fn a_failure_after_a_tool_call_ends_the_turn() {
    let house = House::new().await;
    let events = house.run("[[write:a.txt|x]][[err:401]]").await;
    assert_eq!((tool_ends(&events).len(), failure(&events)), (1, "runtime.provider_unauthorized"));
}
