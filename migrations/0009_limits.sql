-- What limits count over all nodes (contract 00 §6). Both tables only matter for the length of a window: a crash of the
-- server may empty them, so their commits wait for no disk.

-- Permits of a window, which nodes take in blocks.
create unlogged table rate_windows (
    -- What kind of thing is counted: ip, org, token, …
    scope     text not null,
    key       text not null,
    -- Part of the key, so that nodes with different settings don't reset each other's windows.
    window_ms bigint not null check (window_ms > 0),
    ends_at   timestamptz not null,
    used      bigint not null,
    -- What the last question got.
    granted   bigint not null,
    primary key (scope, key, window_ms)
) with (fillfactor = 50);
create index rate_windows_ends on rate_windows (ends_at);

-- Rejected credentials, by address and by credential.
create unlogged table auth_failures (
    -- ip:<address or network>, or auth:<16 hex digits of the credential's SHA-256>
    scope         text not null,
    window_ms     bigint not null check (window_ms > 0),
    ends_at       timestamptz not null,
    failures      bigint not null,
    -- The wait that started last.
    blocked_at    timestamptz,
    blocked_until timestamptz,
    -- From when on the row says nothing any more.
    expires_at    timestamptz not null generated always as (greatest(ends_at, blocked_until)) stored,
    primary key (scope, window_ms)
) with (fillfactor = 50);
create index auth_failures_blocked on auth_failures (blocked_at) where blocked_at is not null;
create index auth_failures_expired on auth_failures (expires_at);
