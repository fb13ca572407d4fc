//! Where a browser goes after its login: a page of this server, never of another one.

/// The longest path that is kept.
const LONGEST: usize = 2048;

/// The asked path if it can only mean this server, else the first page. Browsers read `//host` and `/\host` as another server,
/// and drop tabs and line feeds before they look, so only plain characters are let through.
pub(super) fn return_path(asked: Option<&str>) -> &str {
    let is_safe = |path: &&str| {
        let rest = path.strip_prefix('/');
        let is_local = rest.is_some_and(|rest| !rest.starts_with('/'));
        is_local && path.len() <= LONGEST && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
    };
    asked.filter(is_safe).unwrap_or("/")
}

#[cfg(test)]
mod tests {
    use super::return_path;
    use proptest::prelude::*;

    #[test]
    fn only_pages_of_this_server() {
        for path in ["/", "/app/sessions?x=1#top", "/a//b", "/%2F/evil.example"] {
            assert_eq!(return_path(Some(path)), path);
        }
        for path in [
            "",
            "app",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "https://evil.example",
            "/\t/evil.example",
            "/a\r\nb: c",
            " /a",
            "javascript:alert(1)",
            "/a\\..\\b",
            "/ä",
        ] {
            assert_eq!(return_path(Some(path)), "/", "{path:?}");
        }
        assert_eq!(return_path(Some(&format!("/{}", "a".repeat(2048)))), "/");
        assert_eq!(return_path(None), "/");
    }

    proptest! {
        #[test]
        fn joined_to_this_server_it_stays_there(path in "[/\\\\a-z:.@\\t ]{0,12}") {
            let base = reqwest::Url::parse("https://cloud.example/auth/callback").expect("an address");
            let joined = base.join(return_path(Some(&path))).expect("a safe path is an address");
            prop_assert_eq!(joined.origin(), base.origin());
        }
    }
}
