-- What an organisation spent at its model providers in a day is summed up from the rows that its turns wrote.
create index usage_events_model_tokens on usage_events (org, created_at) include (quantity) where event_type = 'model.tokens';
