-- The guard's database role: it may log in and read what its decision rests on, and nothing else. Run it on the product's database after the
-- product has been started once (it makes the tables), as a user who may make roles and owns the tables or is a superuser:
--   psql --set ON_ERROR_STOP=1 --set password='…' --file deploy/guard-role.sql "$DATABASE_URL"
-- Then GUARD_DATABASE_URL=postgres://relight_guard:…@host/relight. After an upgrade run the grants again, or start the product with
-- --role=all: it gives them to a role of this name by itself.
SELECT format('CREATE ROLE relight_guard LOGIN PASSWORD %L', :'password')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'relight_guard') \gexec
ALTER ROLE relight_guard SET default_transaction_read_only = on;

GRANT SELECT ON account TO relight_guard;
GRANT SELECT ON arrears_cause TO relight_guard;
GRANT SELECT ON bill TO relight_guard;
GRANT SELECT ON clock_state TO relight_guard;
GRANT SELECT (id, customer_id, kind, valid) ON contact TO relight_guard;
GRANT SELECT ON contact_proof TO relight_guard;
GRANT SELECT (id, customer_class, created_at, protection_asked_on) ON customer TO relight_guard;
GRANT SELECT ON cut_approval TO relight_guard;
GRANT SELECT ON cut_batch TO relight_guard;
GRANT SELECT (account_id, from_date, until_date, ended_on) ON dunning_pause TO relight_guard;
GRANT SELECT (id, gateway_number, district_id) ON gateway TO relight_guard;
GRANT SELECT ON hold TO relight_guard;
GRANT SELECT ON interruption TO relight_guard;
GRANT SELECT ON kill_switch TO relight_guard;
GRANT SELECT ON late_fee_waiver TO relight_guard;
GRANT SELECT (id, at, debit_account_id, credit_account_id, amount_minor) ON ledger_entry TO relight_guard;
GRANT SELECT ON meter TO relight_guard;
GRANT SELECT ON meter_installation TO relight_guard;
GRANT SELECT (id, account_id, anchor_bill_id, copy_of_id, step_code, purpose, state, channel, recipient, created_at, served_at, failed_at, failure_code, proof_kind, announced_cut_at) ON notice TO relight_guard;
GRANT SELECT ON notice_bill TO relight_guard;
GRANT SELECT ON payment TO relight_guard;
GRANT SELECT ON payment_allocation TO relight_guard;
GRANT SELECT ON payment_channel TO relight_guard;
GRANT SELECT (payment_id, reversed_at) ON payment_reversal TO relight_guard;
GRANT SELECT ON plan_instalment TO relight_guard;
GRANT SELECT ON protection TO relight_guard;
GRANT SELECT (id, service_point_number, account_id, district_id) ON service_point TO relight_guard;
GRANT SELECT ON switch_command TO relight_guard;
GRANT SELECT (id, code, weather_region) ON transformer_district TO relight_guard;
GRANT SELECT ON weather_report TO relight_guard;
