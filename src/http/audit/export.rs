//! `GET /api/admin/audit/export` (contract 02 §10): the whole log, streamed page by page.

use super::{
    csv::{self, Reader},
    filter,
    record::{AuditRecord, without_homes},
};
use crate::http::{
    error::ApiError,
    gate::Caller,
    query::Query,
    schema::{AuditExport, ErrorBody},
    state::HttpState,
};
use axum::{body::Body, extract::State, http::Uri, response::Response};
use bytes::Bytes;
use cowork_domain::{
    audit::{AuditAction, AuditRow, AuditTarget, may_export_unredacted},
    codes::Code,
    ids::OrgId,
    principal::Principal,
};
use cowork_store::{AuditFilter, AuditPlace, StoreError};
use futures_util::stream;
use http::{HeaderValue, header};
use serde_json::json;

/// Rows in memory at a time, of which one page waits for the reader and one for the database.
const PAGE: u32 = 500;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Json,
    Csv,
}

impl Format {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Csv => "csv",
        }
    }

    const fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json; charset=utf-8",
            Self::Csv => "text/csv; charset=utf-8",
        }
    }
}

/// Export the organisation's audit log, newest first.
///
/// Home folders are replaced by `~`, and in CSV an apostrophe stands in front of what a spreadsheet would run as a
/// formula; `unredacted=true` leaves both as they are. Each export is an event of the log itself.
#[utoipa::path(get, path = "/api/admin/audit/export", operation_id = "exportAuditEvents", tag = "administration",
    params(
        ("format" = Option<String>, Query, description = "json or csv; anything else means json"),
        ("unredacted" = Option<String>, Query, description = "`true` for the values as they are; needs an owner or admin"),
        ("actorId" = Option<String>, Query, description = "Exactly this actor"),
        ("actorType" = Option<String>, Query, description = "user, api_token or system; anything else is ignored"),
        ("action" = Option<String>, Query, description = "The event type begins with this"),
        ("targetType" = Option<String>, Query, description = "Exactly this kind of target"),
        ("targetId" = Option<String>, Query, description = "Exactly this target"),
        ("result" = Option<String>, Query, description = "What the metadata says under `result`"),
        ("channelBindingId" = Option<String>, Query, description = "only what is about this channel binding: its target, or named in its metadata"),
        ("from" = Option<String>, Query, description = "Not before this instant or day, ISO 8601; anything else is ignored"),
        ("to" = Option<String>, Query, description = "Not after this instant, ISO 8601; anything else is ignored"),
    ),
    responses(
        (status = 200, description = "All rows", content(
            (AuditExport = "application/json", example = json!({"events": []})),
            (String = "text/csv"),
        )),
        (status = 403, description = "The caller may not read the audit log, or not unredacted", body = ErrorBody,
            example = json!({"error": "Only owners and admins may export the audit log unredacted.", "code": "authorization.principal_denied",
                "verdict": {"allowed": false, "reason": "Only owners and admins may export the audit log unredacted.",
                    "policyCode": "authorization.principal_denied"}})),
    ))]
pub(super) async fn export(State(state): State<HttpState>, caller: Caller, uri: Uri) -> Result<Response, ApiError> {
    let query = Query::of(&uri);
    let filter = filter::of(&query)?;
    let format = if query.get("format") == Some("csv") { Format::Csv } else { Format::Json };
    let unredacted = query.get("unredacted") == Some("true");
    let principal = caller.principal();
    if unredacted && !may_export_unredacted(principal) {
        let message = "Only owners and admins may export the audit log unredacted.";
        return Err(ApiError::forbidden(Code::AuthorizationPrincipalDenied, message));
    }
    let store = state.node.store();
    let first = store.audit_page(&principal.org_id, &filter, None, PAGE).await?;
    // After the first page, so that an export doesn't hold itself; before any of it leaves.
    store.record_audit(&[exported(&state, principal, &filter, format, unredacted)]).await?;
    let file = file_name(&principal.org_id, format);
    let export = Export { org: principal.org_id.clone(), state, filter, format, unredacted, page: Some(first), wrote: Wrote::Nothing };
    let mut response = Response::new(Body::from_stream(stream::try_unfold(export, Export::next)));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(format.content_type()));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::CONTENT_DISPOSITION, file);
    Ok(response)
}

fn exported(state: &HttpState, by: &Principal, filter: &AuditFilter, format: Format, unredacted: bool) -> AuditRow {
    let clock = state.node.clock();
    let target = AuditTarget::new("audit_log", by.org_id.as_str());
    let metadata =
        json!({ "format": format.as_str(), "result": "success", "filters": filter::described(filter), "unredacted": unredacted });
    AuditRow::by(by, &clock.nonce(), AuditAction::AuditExported, &target, metadata, clock.now())
}

/// What a browser saves it as. An org's name may hold anything, a header and a file name may not.
fn file_name(org: &OrgId, format: Format) -> HeaderValue {
    let is_plain = |letter: &char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
    let name: String = org.as_str().chars().map(|letter| if is_plain(&letter) { letter } else { '_' }).collect();
    let value = format!("attachment; filename=\"audit-export-{name}.{}\"", format.as_str());
    HeaderValue::try_from(value).expect("plain letters make a header value")
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Wrote {
    Nothing,
    Opening,
    Rows,
}

/// An export that is under way.
struct Export {
    state: HttpState,
    org: OrgId,
    filter: AuditFilter,
    format: Format,
    unredacted: bool,
    /// What comes next; none when all is said.
    page: Option<Vec<AuditRow>>,
    wrote: Wrote,
}

impl Export {
    /// The next piece of the body. An error ends the connection, so that nobody takes half of a log for all of it.
    async fn next(mut self) -> Result<Option<(Bytes, Self)>, StoreError> {
        let Some(page) = self.page.take() else { return Ok(None) };
        if page.len() >= PAGE as usize {
            let after = page.last().map(AuditPlace::of);
            let next = self.state.node.store().audit_page(&self.org, &self.filter, after, PAGE).await;
            let next = next.inspect_err(|error| tracing::warn!(%error, "an export of the audit log was cut short"))?;
            self.page = Some(next);
        }
        let mut text = String::new();
        if self.wrote == Wrote::Nothing {
            text.push_str(if self.format == Format::Csv { csv::HEADER } else { "{\"events\":[" });
            self.wrote = Wrote::Opening;
        }
        for row in page {
            self.push(&mut text, row);
        }
        if self.page.is_none() && self.format == Format::Json {
            text.push_str("]}");
        }
        Ok(Some((Bytes::from(text), self)))
    }

    fn push(&mut self, text: &mut String, row: AuditRow) {
        let row = if self.unredacted { row } else { without_homes(row) };
        match self.format {
            Format::Csv => csv::push_line(text, &row, if self.unredacted { Reader::Program } else { Reader::Anything }),
            Format::Json => {
                if self.wrote == Wrote::Rows {
                    text.push(',');
                }
                text.push_str(&serde_json::to_string(&AuditRecord::of(&row)).expect("a row has text keys"));
            }
        }
        self.wrote = Wrote::Rows;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_holds_nothing_that_ends_it() {
        let name = file_name(&OrgId::new("a\"b\r\n/../ä"), Format::Csv);
        assert_eq!(name, "attachment; filename=\"audit-export-a_b___..__.csv\"");
        assert_eq!(file_name(&OrgId::new("acme"), Format::Json), "attachment; filename=\"audit-export-acme.json\"");
    }
}
