-- Which rules apply to whom, and what was in force when something was decided.

-- How an account is paid: after the bill, or ahead under a cost-control agreement (费控).
ALTER TABLE account ADD COLUMN payment_mode text NOT NULL DEFAULT 'POSTPAID' CHECK (payment_mode IN ('POSTPAID', 'PREPAID'));

-- Never asked is not "no": until somebody asked, the customer counts as protected where the policy says so.
ALTER TABLE customer ADD COLUMN protection_asked_on date;

-- Every version of a policy that this company has ever decided by; a decision names code and version.
CREATE TABLE policy_version (
  code            text NOT NULL,
  version         integer NOT NULL CHECK (version > 0),
  document        jsonb NOT NULL,
  document_sha256 bytea NOT NULL,
  in_force_from   timestamptz NOT NULL,
  PRIMARY KEY (code, version),
  UNIQUE (code, document_sha256, version)
);
CREATE TRIGGER policy_version_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON policy_version
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
