//! Where a payment provider sends people back to.

use crate::http::{body::Fields, error::ApiError};
use http::Uri;

/// Longer than any page of ours.
const LONGEST: usize = 2048;

/// An address of a body, if it is there: absolute, and of the web.
pub(super) fn plain_url<'f>(fields: &'f Fields, name: &str) -> Result<Option<&'f str>, ApiError> {
    let Some(url) = fields.text(name).map(str::trim) else { return Ok(None) };
    let is_web = |uri: &Uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some_and(|host| !host.is_empty());
    if url.len() <= LONGEST && url.parse::<Uri>().is_ok_and(|uri| is_web(&uri)) {
        return Ok(Some(url));
    }
    Err(ApiError::invalid(format!("Billing {name} must be an absolute http or https URL.")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Map, Value};

    #[test]
    fn only_pages_of_the_web_are_led_to() {
        let read = |url: &str| {
            let fields = Fields(Map::from_iter([("returnUrl".to_owned(), Value::from(url))]));
            plain_url(&fields, "returnUrl").map(|url| url.map(str::to_owned)).map_err(|error| error.status().as_u16())
        };
        assert_eq!(read(" https://app.example/done?a=b "), Ok(Some("https://app.example/done?a=b".to_owned())));
        assert_eq!(read(" "), Ok(None));
        for bad in ["/done", "javascript:alert(1)", "https://", "ftp://x.example/", "https://a b/"] {
            assert_eq!(read(bad), Err(400), "{bad}");
        }
    }
}
