-- What organisations subscribed to, and which news of it were taken in (contract 03 §2).

create table billing_subscriptions (
    org                   text primary key references orgs,
    plan                  text not null,
    provider              text not null,
    provider_customer     text,
    provider_subscription text,
    -- As the provider says it: a word that nobody knows is one that isn't paid for.
    status                text not null,
    seats                 integer not null check (seats >= 0),
    -- What the plan included when this was told; it counts where the plan is not configured any more.
    entitlements          jsonb not null,
    current_period_end    timestamptz,
    cancel_at_period_end  boolean not null,
    metadata              jsonb not null,
    -- When the provider knew it, because news don't always come in order.
    told_at               timestamptz,
    created_at            timestamptz not null default now(),
    updated_at            timestamptz not null default now()
);

-- A webhook that was taken in is not taken in again.
create table billing_events (
    provider    text not null,
    event       text not null,
    received_at timestamptz not null default now(),
    primary key (provider, event)
);
create index billing_events_by_age on billing_events (received_at);
