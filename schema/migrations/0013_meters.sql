-- Meters as they are in the field: DL/T 645 behind concentrators (集中器), which check signatures for them and sign what they answer.

-- Raw Ed25519 key of a gateway that speaks for DL/T 645 meters.
ALTER TABLE gateway ADD COLUMN public_key bytea CHECK (length(public_key) = 32);
-- How a DL/T 645 meter knows who may switch it: PA 02H with a password, or PA 98H with ciphertext of the security module.
ALTER TABLE meter ADD COLUMN security_class text NOT NULL DEFAULT 'PASSWORD' CHECK (security_class IN ('PASSWORD', 'CIPHER'));
-- Since when the meter refuses our password (DL/T 645 error bit 2). Nothing is sent to it by itself until somebody has put that right:
-- a few wrong ones lock it.
ALTER TABLE meter ADD COLUMN credentials_refused_at timestamptz;
