-- What a gateway's token can be granted (contract 02 §3, 04): here stands what a grant asks for, that the binding exists and whose
-- it is.

create table channel_bindings (
    id         text primary key,
    org        text not null references orgs,
    created_at timestamptz not null default now(),
    unique (org, id)
);

-- A grant is of a binding of the token's own organisation, whatever a statement says.
alter table api_tokens add constraint api_tokens_of_org unique (org, id);
alter table api_token_bindings
    add constraint api_token_bindings_token_of_org foreign key (org, token) references api_tokens (org, id),
    add constraint api_token_bindings_binding_of_org foreign key (org, channel_binding) references channel_bindings (org, id);
