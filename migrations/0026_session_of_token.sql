-- A browser session that was made from an API token ends with the token.

alter table browser_sessions add column api_token text references api_tokens;
