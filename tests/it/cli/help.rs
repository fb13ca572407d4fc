use crate::program::run;

#[test]
fn every_command_explains_itself_with_an_example() {
    let help = run(&["--help"]).expect_code(0);
    assert_eq!(help.stderr(), "");
    let text = help.stdout();
    let commands: Vec<&str> = text
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .collect();
    for expected in ["serve", "migrate", "cluster", "config", "doctor", "demo-model", "load"] {
        assert!(commands.contains(&expected), "{expected} is missing in {commands:?}");
    }
    for command in commands {
        let help = run(&[command, "--help"]).expect_code(0);
        let text = help.stdout();
        let examples = text.split_once("Examples:").unwrap_or_else(|| panic!("{command} has no examples:\n{text}")).1;
        assert!(examples.contains(&format!("cowork {command}")), "{command}:\n{text}");
    }
}

#[test]
fn wrong_usage_is_told_apart_from_failure() {
    let unknown = run(&["frobnicate"]).expect_code(2);
    assert_eq!(unknown.stdout(), "", "nothing but data goes there");
    assert!(unknown.stderr().contains("frobnicate"));
    let near = run(&["serv"]).expect_code(2);
    assert!(near.stderr().contains("serve"), "it suggests what is near: {}", near.stderr());
    run(&["serve", "--listen", "nowhere"]).expect_code(2);
    let version = run(&["--version"]).expect_code(0);
    assert_eq!(version.stdout().trim(), format!("cowork {}", env!("CARGO_PKG_VERSION")));
}
