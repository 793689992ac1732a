-- billdeck: the whole schema, for SQLite and for MariaDB.
--
-- How to read this file
--   It is one story in the order a new colleague would need it: what we sell, to whom, what they
--   used, the money, the month close, the numbers and their balances, events and their actions, and
--   what ran. Amounts are BIGINT minor units (kopecks), prices BIGINT millionths of the main unit,
--   times BIGINT milliseconds since 1970 UTC, dates 'YYYY-MM-DD', periods 'YYYY-MM'. No column holds money as a float. Identifiers are compared
--   byte by byte: "Ivan", "ivan" and "ivan " are three logins.
--
-- How one file serves two engines
--   /*! ... */       is read by MariaDB and is a comment for SQLite;
--   /*sqlite ... */  is read by SQLite (the loader opens it) and is a comment for MariaDB;
--   what differs altogether (triggers) stands in sections that begin with "-- @engine NAME" and
--   end with "-- @engine all". `billdeck schema --engine E` prints what an engine is given.

-- ---------------------------------------------------------------------------------------------
-- What we sell
-- ---------------------------------------------------------------------------------------------

-- A plan: a monthly fee and what a subscriber gets for it in each of four directions of traffic.
-- `direction2_ratio` (millionths) says how many megabytes of direction 2 may be used for each
-- megabyte that direction 1 has left; 0 means none. `carry_over` gives unused megabytes to the
-- next period.
CREATE TABLE plan (
    id               /*sqlite INTEGER*/ /*! BIGINT AUTO_INCREMENT*/ PRIMARY KEY,
    code             VARCHAR(40) NOT NULL UNIQUE,
    name             VARCHAR(200) NOT NULL,
    monthly_fee      BIGINT NOT NULL CHECK (monthly_fee >= 0 /*sqlite AND typeof(monthly_fee) = 'integer'*/),
    direction2_ratio BIGINT NOT NULL DEFAULT 0 CHECK (direction2_ratio >= 0),
    carry_over       SMALLINT NOT NULL DEFAULT 0 CHECK (carry_over IN (0, 1))
) /*! ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin */;

-- One direction of a plan. A megabyte is 1 000 000 bytes. `included_bytes` NULL is unlimited.
-- `counts` says which bytes count: those in, those out, their sum, or the larger of the two.
CREATE TABLE plan_direction (
    plan_id        BIGINT NOT NULL REFERENCES plan (id),
    direction      SMALLINT NOT NULL CHECK (direction BETWEEN 1 AND 4),
    included_bytes BIGINT CHECK (included_bytes >= 0),
    overage_price  BIGINT NOT NULL CHECK (overage_price >= 0 /*sqlite AND typeof(overage_price) = 'integer'*/),
    counts         VARCHAR(3) NOT NULL CHECK (counts IN ('in', 'out', 'sum', 'max')),
    PRIMARY KEY (plan_id, direction)
) /*sqlite WITHOUT ROWID*/ /*! ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin */;

-- An add-on plan: a second plan on top of the first, with a fee of its own (TV, say).
CREATE TABLE addon (
    id          /*sqlite INTEGER*/ /*! BIGINT AUTO_INCREMENT*/ PRIMARY KEY,
    code        VARCHAR(40) NOT NULL UNIQUE,
    name        VARCHAR(200) NOT NULL,
    monthly_fee BIGINT NOT NULL CHECK (monthly_fee >= 0 /*sqlite AND typeof(monthly_fee) = 'integer'*/)
) /*! ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin */;

-- A service (a fixed address, an antivirus) or the rent of a device: a full fee each month, never
-- scaled by the day a subscriber started.
CREATE TABLE service (
    id          /*sqlite INTEGER*/ /*! BIGINT AUTO_INCREMENT*/ PRIMARY KEY,
    code        VARCHAR(40) NOT NULL UNIQUE,
    name        VARCHAR(200) NOT NULL,
    kind        VARCHAR(10) NOT NULL DEFAULT 'service' CHECK (kind IN ('service', 'rent')),
    monthly_fee BIGINT NOT NULL CHECK (monthly_fee >= 0 /*sqlite AND typeof(monthly_fee) = 'integer'*/)
) /*! ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin */;

-- ---------------------------------------------------------------------------------------------
-- To whom
-- ---------------------------------------------------------------------------------------------

-- A group of subscribers. One that does not charge is exempt from the month close as a whole.
CREATE TABLE subscriber_group (
    id     /*sqlite INTEGER*/ /*! BIGINT AUTO_INCREMENT*/ PRIMARY KEY,
    code   VARCHAR(40) NOT NULL UNIQUE,
    name   VARCHAR(200) NOT NULL,
    charge SMALLINT NOT NULL DEFAULT 1 CHECK (charge IN (0, 1))
) /*! ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin */;

-- An account: where postings go. A subscriber's account has the subscriber's own number (1000 and
-- up) and keeps its balance beside it: plus is money that the subscriber still has. Our own
-- accounts (numbers below 1000, a code) keep no balance: it is summed when asked for, so that no
-- row is written by everybody at once.
CREATE TABLE account (
    id      /*sqlite INTEGER*/ /*! BIGINT*/ PRIMARY KEY,
    code    VARCHAR(40) UNIQUE,
    balance BIGINT /*sqlite CHECK (balance IS NULL OR typeof(balance) = 'integer')*/,
    CHECK ((id >= 1000 AND code IS NULL AND balance IS NOT NULL)
        OR (id < 1000 AND code IS NOT NULL AND balance IS NULL))
) /*! ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin */;

-- For the list of debtors, and for any list in the order of balances.
CREATE INDEX account_balance ON account (balance);

INSERT INTO account (id, code) VALUES
    (1, 'cash'),              -- what subscribers paid in
    (2, 'vat'),               -- VAT taken out of payments
    (3, 'opening'),           -- balances brought from the system before this one
    (4, 'correction'),        -- corrections by hand
    (5, 'writeoff'),          -- debts given up
    (6, 'bonus'),             -- bonuses given
    (10, 'revenue_plans'),    -- fees of plans and add-on plans
    (11, 'revenue_services'), -- fees of services
    (12, 'revenue_rent'),     -- rent of devices
    (13, 'revenue_usage'),    -- traffic over what a plan includes
    (14, 'discounts');        -- discounts given

-- A subscriber. An ordered plan (or add-on plan) takes effect by the close of the period before
-- `ordered_plan_from`; an order "no add-on" has a period and no add-on. `active_since` NULL: has
-- never used the service. `first_month_day` overrides the day of `active_since` in the share of
-- the first month (a bundle may give day 31 in a month of 30 days). An alias shares the main
-- subscriber's plan and pays nothing: its usage is the main's.
CREATE TABLE subscriber (
    id                 /*sqlite INTEGER*/ /*! BIGINT*/ PRIMARY KEY REFERENCES account (id),
    login              VARCHAR(64) NOT NULL CHECK (login <> '' AND length(login) <= 256),
    name               VARCHAR(200) NOT NULL DEFAULT '',
    group_id           BIGINT NOT NULL REFERENCES subscriber_group (id),
    plan_id            BIGINT REFERENCES plan (id),
    ordered_plan_id    BIGINT REFERENCES plan (id),
    ordered_plan_from  CHAR(7),
    addon_id           BIGINT REFERENCES addon (id),
    ordered_addon_id   BIGINT REFERENCES addon (id),
    ordered_addon_from CHAR(7),
    active_since       CHAR(10),
    first_month_day    SMALLINT CHECK (first_month_day BETWEEN 1 AND 31),
    state              VARCHAR(10) NOT NULL DEFAULT 'active'
                       CHECK (state IN ('active', 'frozen', 'blocked', 'deleted')),
    alias_of           BIGINT REFERENCES subscriber (id),
    credit_limit       BIGINT NOT NULL DEFAULT 0 CHECK (credit_limit >= 0),
    fee_day            SMALLINT CHECK (fee_day BETWEEN 1 AND 31),
    external_uid       VARCHAR(40) UNIQUE,
    phone              VARCHAR(40) NOT NULL DEFAULT '',
    email              VARCHAR(200) NOT NULL DEFAULT '',
    contract_number    VARCHAR(40) NOT NULL DEFAULT '',
    contract_date      CHAR(10),
    birth_date         CHAR(10),
    address            VARCHAR(300) NOT NULL DEFAULT '',
    created_at         BIGINT NOT NULL,
    CHECK (alias_of IS NULL OR alias_of <> id),
    CHECK (ordered_plan_from IS NOT NULL OR ordered_plan_id IS NULL),
    CHECK (ordered_addon_from IS NOT NULL OR ordered_addon_id IS NULL)
) /*! ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin */;

CREATE UNIQUE INDEX subscriber_login ON subscriber (login);
CREATE INDEX subscriber_alias_of ON subscriber (alias_of);
-- What people search and sort by. Each also costs a little in an import; a plan change costs none.
CREATE INDEX subscriber_name ON subscriber (name);
CREATE INDEX subscriber_phone ON subscriber (phone);
CREATE INDEX subscriber_contract_number ON subscriber (contract_number);
CREATE INDEX subscriber_state ON subscriber (state);

CREATE TABLE subscriber_service (
    subscriber_id BIGINT NOT NULL REFERENCES subscriber (id),
    service_id    BIGINT NOT NULL REFERENCES service (id),
    PRIMARY KEY (subscriber_id, service_id)
) /*sqlite WITHOUT ROWID*/ /*! ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin */;

-- A discount. A percent is kept in millionths of a percent, a fixed sum in minor units. Scopes
-- plan, services and rent are taken first, then scope all from what is left.
CREATE TABLE discount (
    subscriber_id BIGINT NOT NULL REFERENCES subscriber (id),
    scope         VARCHAR(10) NOT NULL CHECK (scope IN ('all', 'plan', 'services', 'rent')),
    kind          VARCHAR(10) NOT NULL CHECK (kind IN ('percent', 'fixed')),
    value         BIGINT NOT NULL CHECK (value > 0 AND (kind = 'fixed' OR value <= 100000000)),
    PRIMARY KEY (subscriber_id, scope, kind)
) /*sqlite WITHOUT ROWID*/ /*! ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin */;

-- ---------------------------------------------------------------------------------------------
-- Periods and usage
-- ---------------------------------------------------------------------------------------------

-- A billing period. The oldest one that is not closed is the one to close next. `usage_version`
-- grows with every import into the period; the search for usage that came after the close has
-- seen all up to `swept_version`.
CREATE TABLE billing_period (
    period        CHAR(7) NOT NULL PRIMARY KEY,
    state         VARCHAR(10) NOT NULL CHECK (state IN ('open', 'closing', 'closed')),
    usage_version BIGINT NOT NULL DEFAULT 0,
    swept_version BIGINT NOT NULL DEFAULT 0,
    closed_at     BIGINT
) /*! ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin */;

-- What a main subscriber (its aliases included) used in a period: bytes in and out by direction.
-- No row: not authorised in that period.
CREATE TABLE period_usage (
    period        CHAR(7) NOT NULL,
    subscriber_id BIGINT NOT NULL REFERENCES subscriber (id),
    in1  BIGINT NOT NULL DEFAULT 0 CHECK (in1 >= 0),
    out1 BIGINT NOT NULL DEFAULT 0 CHECK (out1 >= 0),
    in2  BIGINT NOT NULL DEFAULT 0 CHECK (in2 >= 0),
    out2 BIGINT NOT NULL DEFAULT 0 CHECK (out2 >= 0),
    in3  BIGINT NOT NULL DEFAULT 0 CHECK (in3 >= 0),
    out3 BIGINT NOT NULL DEFAULT 0 CHECK (out3 >= 0),
    in4  BIGINT NOT NULL DEFAULT 0 CHECK (in4 >= 0),
    out4 BIGINT NOT NULL DEFAULT 0 CHECK (out4 >= 0),
    PRIMARY KEY (period, subscriber_id)
) /*sqlite WITHOUT ROWID*/ /*! ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin */;

-- A usage record as a collector sent it. Its key makes a repeat harmless.
CREATE TABLE usage_record (
    record_key    VARCHAR(100) NOT NULL PRIMARY KEY,
    subscriber_id BIGINT NOT NULL REFERENCES subscriber (id),
    at            BIGINT NOT NULL,
    period        CHAR(7) NOT NULL,
    direction     SMALLINT NOT NULL CHECK (direction BETWEEN 1 AND 4),
    bytes_in      BIGINT NOT NULL CHECK (bytes_in >= 0),
    bytes_out     BIGINT NOT NULL CHECK (bytes_out >= 0)
) /*! ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin */;

-- Usage that arrived after the close of its subscriber, moved to a later period. The rows here
-- are the flag; the bytes themselves are in period_usage of `to_period`.
CREATE TABLE late_usage (
    id            /*sqlite INTEGER*/ /*! BIGINT AUTO_INCREMENT*/ PRIMARY KEY,
    subscriber_id BIGINT NOT NULL REFERENCES subscriber (id),
    from_period   CHAR(7) NOT NULL,
    to_period     CHAR(7) NOT NULL,
    in1 BIGINT NOT NULL, out1 BIGINT NOT NULL, in2 BIGINT NOT NULL, out2 BIGINT NOT NULL,
    in3 BIGINT NOT NULL, out3 BIGINT NOT NULL, in4 BIGINT NOT NULL, out4 BIGINT NOT NULL,
    moved_at      BIGINT NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin */;

CREATE INDEX late_usage_subscriber ON late_usage (subscriber_id, to_period);

-- Carried usage: whole bytes left over from the period before, spent in `period` before its own
-- allowance, then gone. The rule is in engine/close/rating.py.
CREATE TABLE carried_usage (
    period        CHAR(7) NOT NULL,
    subscriber_id BIGINT NOT NULL REFERENCES subscriber (id),
    bytes1 BIGINT NOT NULL CHECK (bytes1 >= 0),
    bytes2 BIGINT NOT NULL CHECK (bytes2 >= 0),
    bytes3 BIGINT NOT NULL CHECK (bytes3 >= 0),
    bytes4 BIGINT NOT NULL CHECK (bytes4 >= 0),
    PRIMARY KEY (period, subscriber_id)
) /*sqlite WITHOUT ROWID*/ /*! ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin */;

-- ---------------------------------------------------------------------------------------------
-- The money
-- ---------------------------------------------------------------------------------------------

-- A journal entry: one movement of money, dated (`effective_at`), with its postings. Entries and
-- postings are only ever added. `entry_key` makes a repeated command harmless: the same key with
-- the same content (`content_hash`) is the same entry, with other content an error.
CREATE TABLE journal_entry (
    id           /*sqlite INTEGER*/ /*! BIGINT AUTO_INCREMENT*/ PRIMARY KEY,
    kind         VARCHAR(12) NOT NULL CHECK (kind IN ('opening', 'payment', 'refund', 'correction',
                     'writeoff', 'bonus', 'charge', 'reversal')),
    entry_key    VARCHAR(150) NOT NULL UNIQUE,
    content_hash CHAR(64) NOT NULL,
    effective_at BIGINT NOT NULL,
    recorded_at  BIGINT NOT NULL,
    actor        VARCHAR(64) NOT NULL,
    comment      VARCHAR(300) NOT NULL DEFAULT ''
) /*! ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin */;

CREATE INDEX journal_entry_effective_at ON journal_entry (effective_at, id);

-- A posting: one line of an entry. The postings of an entry sum to zero. Plus is in favour of the
-- account: a payment is plus for the subscriber and minus for cash, a charge minus for the
-- subscriber and plus for revenue.
CREATE TABLE posting (
    entry_id   BIGINT NOT NULL REFERENCES journal_entry (id),
    line       INTEGER NOT NULL CHECK (line > 0),
    account_id BIGINT NOT NULL REFERENCES account (id),
    amount     BIGINT NOT NULL /*sqlite CHECK (typeof(amount) = 'integer')*/,
    PRIMARY KEY (entry_id, line)
) /*sqlite WITHOUT ROWID*/ /*! ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin */;

CREATE INDEX posting_account ON posting (account_id, entry_id);

-- A reversal names the posting of the subscriber whose part of an entry it takes back (the first
-- line of a payment, a subscriber's line of a close entry). The key allows that once. Being
-- referenced also keeps MariaDB from emptying the journal by TRUNCATE.
CREATE TABLE reversal (
    entry_id       /*sqlite INTEGER*/ /*! BIGINT*/ PRIMARY KEY REFERENCES journal_entry (id),
    reversed_entry BIGINT NOT NULL,
    reversed_line  INTEGER NOT NULL,
    UNIQUE (reversed_entry, reversed_line),
    FOREIGN KEY (reversed_entry, reversed_line) REFERENCES posting (entry_id, line)
) /*! ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin */;

-- ---------------------------------------------------------------------------------------------
-- The month close
-- ---------------------------------------------------------------------------------------------

-- The terms a charge was made under (fees, directions, services, discounts, share of the month),
-- as JSON, written once and shared by all charges made under the same terms.
CREATE TABLE charge_terms (
    id     /*sqlite INTEGER*/ /*! BIGINT AUTO_INCREMENT*/ PRIMARY KEY,
    digest CHAR(64) NOT NULL UNIQUE,
    body   /*sqlite TEXT*/ /*! MEDIUMTEXT*/ NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin */;

-- What the close of a period did with a subscriber: the archive, and by its primary key the whole
-- of "exactly once". `plan_id` is the plan charged for, `plan_after` the one from then on. in1 to
-- out4 are the bytes that were billed: what the period has beyond them later is late usage.
CREATE TABLE close_record (
    period        CHAR(7) NOT NULL,
    subscriber_id BIGINT NOT NULL REFERENCES subscriber (id),
    status        VARCHAR(12) NOT NULL
                  CHECK (status IN ('charged', 'exempt', 'not_started', 'failed')),
    amount        BIGINT NOT NULL CHECK (amount >= 0 AND (amount = 0 OR status = 'charged')),
    block         SMALLINT NOT NULL,
    authorised    SMALLINT NOT NULL,
    group_id      BIGINT NOT NULL,
    plan_id       BIGINT,
    addon_id      BIGINT,
    plan_after    BIGINT,
    addon_after   BIGINT,
    terms_id      BIGINT,
    entry_id      BIGINT,
    entry_line    INTEGER,
    in1 BIGINT NOT NULL, out1 BIGINT NOT NULL, in2 BIGINT NOT NULL, out2 BIGINT NOT NULL,
    in3 BIGINT NOT NULL, out3 BIGINT NOT NULL, in4 BIGINT NOT NULL, out4 BIGINT NOT NULL,
    reason        VARCHAR(200),
    PRIMARY KEY (period, subscriber_id),
    CHECK (status <> 'charged' OR (entry_id IS NOT NULL AND terms_id IS NOT NULL)),
    CHECK (status <> 'failed' OR reason IS NOT NULL)
) /*sqlite WITHOUT ROWID*/ /*! ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin */;

CREATE INDEX close_record_status ON close_record (status, period, block);

-- ---------------------------------------------------------------------------------------------
-- Numbers, and what their operators report of them
-- ---------------------------------------------------------------------------------------------

-- An operator whose numbers we use. Its profile, how it writes its balance mails, is in the
-- configuration under the same name.
CREATE TABLE operator (
    id   /*sqlite INTEGER*/ /*! BIGINT AUTO_INCREMENT*/ PRIMARY KEY,
    name VARCHAR(60) NOT NULL UNIQUE
) /*! ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin */;

-- A personal account of ours at an operator.
CREATE TABLE personal_account (
    id          /*sqlite INTEGER*/ /*! BIGINT AUTO_INCREMENT*/ PRIMARY KEY,
    operator_id BIGINT NOT NULL REFERENCES operator (id),
    code        VARCHAR(40) NOT NULL,
    UNIQUE (operator_id, code)
) /*! ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin */;

-- A tariff of an operator, by its title. One that only a mail names is not added by itself.
CREATE TABLE operator_tariff (
    id          /*sqlite INTEGER*/ /*! BIGINT AUTO_INCREMENT*/ PRIMARY KEY,
    operator_id BIGINT NOT NULL REFERENCES operator (id),
    title       VARCHAR(150) NOT NULL,
    UNIQUE (operator_id, title)
) /*! ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin */;

-- A number: a SIM's. `reported_at` is the time of the newest mail about it: an older mail that is
-- read later changes nothing but its own day's report. `status` is the balance status (NULL:
-- nothing can be said yet) and `status_since` the moment when it changed last.
CREATE TABLE number (
    id                  /*sqlite INTEGER*/ /*! BIGINT AUTO_INCREMENT*/ PRIMARY KEY,
    number              VARCHAR(20) NOT NULL,
    operator_id         BIGINT NOT NULL REFERENCES operator (id),
    personal_account_id BIGINT REFERENCES personal_account (id),
    tariff_id           BIGINT REFERENCES operator_tariff (id),
    subscriber_id       BIGINT REFERENCES subscriber (id),
    reported_at         BIGINT,
    status              VARCHAR(20) CHECK (status IN ('new', 'ok', 'positive_dynamics',
                            'positive_static', 'negative_dynamics', 'negative_static', 'no_data',
                            'terminated')),
    status_since        BIGINT,
    created_at          BIGINT NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin */;

CREATE UNIQUE INDEX number_number ON number (number);
CREATE INDEX number_status ON number (status, status_since);
CREATE INDEX number_status_since ON number (status_since);
CREATE INDEX number_subscriber ON number (subscriber_id);
CREATE INDEX number_personal_account ON number (personal_account_id);

-- What changed about a number, and by which mail (its key in balance_mail).
CREATE TABLE number_history (
    id           /*sqlite INTEGER*/ /*! BIGINT AUTO_INCREMENT*/ PRIMARY KEY,
    number_id    BIGINT NOT NULL REFERENCES number (id),
    at           BIGINT NOT NULL,
    what         VARCHAR(20) NOT NULL
                 CHECK (what IN ('operator', 'personal_account', 'tariff', 'status')),
    value_before VARCHAR(150),
    value_after  VARCHAR(150),
    mail_key     CHAR(64)
) /*! ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin */;

CREATE INDEX number_history_number ON number_history (number_id, at);
CREATE INDEX number_history_what ON number_history (what, at);

-- The balance report of an operator for a day: its first mail of that day makes it.
CREATE TABLE balance_report (
    id          /*sqlite INTEGER*/ /*! BIGINT AUTO_INCREMENT*/ PRIMARY KEY,
    operator_id BIGINT NOT NULL REFERENCES operator (id),
    day         CHAR(10) NOT NULL,
    created_at  BIGINT NOT NULL,
    UNIQUE (operator_id, day)
) /*! ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin */;

-- A number's balance in the report of a day: what the latest mail of that day says, `at` its time.
CREATE TABLE number_balance (
    number_id BIGINT NOT NULL REFERENCES number (id),
    day       CHAR(10) NOT NULL,
    report_id BIGINT NOT NULL REFERENCES balance_report (id),
    balance   BIGINT NOT NULL /*sqlite CHECK (typeof(balance) = 'integer')*/,
    at        BIGINT NOT NULL,
    PRIMARY KEY (number_id, day)
) /*sqlite WITHOUT ROWID*/ /*! ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin */;

CREATE INDEX number_balance_report ON number_balance (report_id);

-- A balance mail, by its key taken once: a hash of its Message-ID, or of its content where there is
-- none. What it says is there as far as it could be read; a processed mail whose `number_id` is
-- NULL speaks of an unknown number, one of a known number whose `tariff_id` is NULL of an unknown
-- tariff. A skipped one has the reason. `body` is its text, cut.
CREATE TABLE balance_mail (
    id               /*sqlite INTEGER*/ /*! BIGINT AUTO_INCREMENT*/ PRIMARY KEY,
    mail_key         CHAR(64) NOT NULL UNIQUE,
    content_hash     CHAR(64) NOT NULL,
    state            VARCHAR(10) NOT NULL CHECK (state IN ('processed', 'skipped')),
    reason           VARCHAR(200),
    taken_at         BIGINT NOT NULL,
    size             BIGINT NOT NULL,
    operator_id      BIGINT REFERENCES operator (id),
    number           VARCHAR(20),
    number_id        BIGINT REFERENCES number (id),
    personal_account VARCHAR(40),
    said_at          BIGINT,
    balance          BIGINT,
    tariff           VARCHAR(150),
    tariff_id        BIGINT REFERENCES operator_tariff (id),
    messages         VARCHAR(500) NOT NULL DEFAULT '',
    body             /*sqlite TEXT*/ /*! MEDIUMTEXT*/ NOT NULL,
    CHECK (state = 'processed' OR reason IS NOT NULL),
    CHECK (state = 'skipped' OR (number IS NOT NULL AND said_at IS NOT NULL))
) /*! ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin */;

CREATE INDEX balance_mail_taken ON balance_mail (taken_at, state);
CREATE INDEX balance_mail_state ON balance_mail (state, id);
CREATE INDEX balance_mail_number ON balance_mail (number_id, said_at);

-- ---------------------------------------------------------------------------------------------
-- Events, and the actions that follow
-- ---------------------------------------------------------------------------------------------

-- An event: something happened to a subscriber. It is written in the transaction that causes it,
-- once by its key: `entry:ID` of a journal entry, `payment:ID` of a payment of another system.
-- `caused_by` says by whom a plan was changed. `amount` is the payment, the refund, the credit
-- limit, or the fee that a reminder is of, positive. `is_late` is 1 when it was recorded long after
-- it happened.
CREATE TABLE event (
    id            /*sqlite INTEGER*/ /*! BIGINT AUTO_INCREMENT*/ PRIMARY KEY,
    event_key     VARCHAR(150) NOT NULL UNIQUE,
    content_hash  CHAR(64) NOT NULL,
    kind          VARCHAR(20) NOT NULL CHECK (kind IN ('payment', 'refund', 'limit', 'credit',
                      'tariff_change', 'freeze', 'block', 'unblock', 'delete', 'real_ip',
                      'birthday', 'reminder')),
    subscriber_id BIGINT NOT NULL REFERENCES subscriber (id),
    at            BIGINT NOT NULL,
    recorded_at   BIGINT NOT NULL,
    is_late       SMALLINT NOT NULL CHECK (is_late IN (0, 1)),
    source        VARCHAR(10) NOT NULL CHECK (source IN ('ledger', 'change', 'close', 'hook',
                      'mikbill', 'job')),
    caused_by     VARCHAR(10) NOT NULL CHECK (caused_by IN ('subscriber', 'staff', 'system')),
    actor         VARCHAR(64) NOT NULL,
    amount        BIGINT /*sqlite CHECK (amount IS NULL OR typeof(amount) = 'integer')*/,
    entry_id      BIGINT,
    comment       VARCHAR(300) NOT NULL DEFAULT ''
) /*! ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin */;

CREATE INDEX event_subscriber ON event (subscriber_id, id);
CREATE INDEX event_kind ON event (kind, id);

-- An action that follows an event, written with it: the outbox. `payload` (JSON) is all that it
-- needs, as it was decided then. UNIQUE is the whole of "not twice"; `round` 2 is one that a person
-- has sent once more. `action_key` is the name under which the other side knows it, the same at
-- every attempt.
--
-- `state`: waiting (for `next_at`), sending (since `sent_at`), retrying (at `next_at`), and then
-- done; or unknown: it may have been carried out, which is asked for at `next_at` or, where that is
-- NULL, waits for a person; dead (refused, or given up), cancelled, expired (`expires_at` came
-- first), suppressed (a dry run). `attempts` counts sendings. A bonus is done when it is credited.
CREATE TABLE action (
    id            /*sqlite INTEGER*/ /*! BIGINT AUTO_INCREMENT*/ PRIMARY KEY,
    event_id      BIGINT NOT NULL REFERENCES event (id),
    subscriber_id BIGINT NOT NULL REFERENCES subscriber (id),
    kind          VARCHAR(20) NOT NULL CHECK (kind IN ('notice', 'receipt', 'top_up_bonus',
                      'loyalty_bonus', 'birthday_bonus', 'discount_removal', 'session_drop',
                      'receipt_link')),
    channel       VARCHAR(50) NOT NULL,
    round         INTEGER NOT NULL DEFAULT 1 CHECK (round > 0),
    action_key    CHAR(36) NOT NULL UNIQUE,
    payload       /*sqlite TEXT*/ /*! MEDIUMTEXT*/ NOT NULL,
    state         VARCHAR(12) NOT NULL CHECK (state IN ('waiting', 'sending', 'done', 'retrying',
                      'unknown', 'dead', 'cancelled', 'expired', 'suppressed')),
    reason        VARCHAR(300) NOT NULL DEFAULT '',
    attempts      INTEGER NOT NULL DEFAULT 0,
    created_at    BIGINT NOT NULL,
    next_at       BIGINT,
    sent_at       BIGINT,
    expires_at    BIGINT,
    ended_at      BIGINT,
    remote_id     VARCHAR(100) NOT NULL DEFAULT '',
    UNIQUE (event_id, kind, channel, round),
    CHECK (state NOT IN ('waiting', 'retrying') OR next_at IS NOT NULL),
    CHECK (state <> 'sending' OR sent_at IS NOT NULL)
) /*! ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin */;

-- What is due on a channel; what of a subscriber is still open on it; lists by state and kind.
CREATE INDEX action_due ON action (channel, state, next_at, id);
CREATE INDEX action_order ON action (subscriber_id, channel, state, id);
CREATE INDEX action_state ON action (state, id);
CREATE INDEX action_kind ON action (kind, id);
CREATE INDEX action_expiry ON action (state, expires_at);

-- An attempt to carry out an action, or to ask what became of it: when, with what outcome, and the
-- beginning of the answer. `lost`: the process was gone before it knew.
CREATE TABLE attempt (
    action_id  BIGINT NOT NULL REFERENCES action (id),
    number     INTEGER NOT NULL CHECK (number > 0),
    what       VARCHAR(4) NOT NULL CHECK (what IN ('send', 'ask')),
    started_at BIGINT NOT NULL,
    ended_at   BIGINT NOT NULL,
    verdict    VARCHAR(10) NOT NULL CHECK (verdict IN ('done', 'refused', 'retry', 'denied',
                   'ambiguous', 'lost')),
    status     SMALLINT,
    detail     VARCHAR(300) NOT NULL DEFAULT '',
    excerpt    VARCHAR(500) NOT NULL DEFAULT '',
    PRIMARY KEY (action_id, number)
) /*sqlite WITHOUT ROWID*/ /*! ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin */;

-- A channel that actions go by: a provider, a NAS, or one of our own. It is paused while
-- `paused_at` is set: until `paused_until`, or, where that is NULL, until a person lifts it.
-- `failures` are those in a row.
CREATE TABLE channel (
    name         VARCHAR(50) NOT NULL PRIMARY KEY,
    paused_at    BIGINT,
    paused_until BIGINT,
    paused_by    VARCHAR(64) NOT NULL DEFAULT '',
    reason       VARCHAR(300) NOT NULL DEFAULT '',
    failures     INTEGER NOT NULL DEFAULT 0,
    CHECK (paused_at IS NOT NULL OR paused_until IS NULL)
) /*! ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin */;

-- A receipt that the provider has accepted: its task there, asked for at `next_at` until it is done
-- (then with its link) or an error.
CREATE TABLE receipt (
    action_id  /*sqlite INTEGER*/ /*! BIGINT*/ PRIMARY KEY REFERENCES action (id),
    task       VARCHAR(100) NOT NULL,
    state      VARCHAR(10) NOT NULL CHECK (state IN ('new', 'done', 'error')),
    accepted_at BIGINT NOT NULL,
    next_at    BIGINT,
    ended_at   BIGINT,
    asked      INTEGER NOT NULL DEFAULT 0,
    link       VARCHAR(500) NOT NULL DEFAULT '',
    detail     VARCHAR(300) NOT NULL DEFAULT '',
    CHECK (state <> 'new' OR next_at IS NOT NULL)
) /*! ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin */;

CREATE INDEX receipt_state ON receipt (state, next_at);

-- ---------------------------------------------------------------------------------------------
-- What ran, who did what
-- ---------------------------------------------------------------------------------------------

-- The right to run a job. A holder proves it in every transaction by its token, which only grows:
-- a run that slept through its lease finds another's token and stops. The database's clock decides
-- when it ends.
CREATE TABLE lease (
    name       VARCHAR(40) NOT NULL PRIMARY KEY,
    holder     VARCHAR(150),
    token      BIGINT NOT NULL DEFAULT 0,
    expires_at BIGINT NOT NULL DEFAULT 0
) /*! ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin */;

-- Up to when the schedule of a job has been looked at: the slots until `seen_until` have their rows
-- in job_run. `schedule` is what it was looked at with; another one begins anew.
CREATE TABLE job_schedule (
    job        VARCHAR(40) NOT NULL PRIMARY KEY,
    schedule   VARCHAR(100) NOT NULL,
    seen_until BIGINT NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin */;

-- A run of a job, from the moment it is asked for, with its progress for whoever watches, from any
-- process. `slot` is the moment at which it was due by its schedule: UNIQUE (job, slot) is the whole
-- of "once", on any number of hosts. NULL: a person asked for it, and `open_key` keeps the same
-- request from waiting twice. Only the holder of `token` (see lease) may write to a running one.
-- A slot that nobody was there for stays as `missed`. `exit_reason` is one word on how it ended.
CREATE TABLE job_run (
    id           /*sqlite INTEGER*/ /*! BIGINT AUTO_INCREMENT*/ PRIMARY KEY,
    job          VARCHAR(40) NOT NULL,
    slot         BIGINT,
    open_key     VARCHAR(80) UNIQUE,
    subject      VARCHAR(40) NOT NULL DEFAULT '',
    parameters   VARCHAR(2000) NOT NULL DEFAULT '{}',
    state        VARCHAR(12) NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed',
                     'interrupted', 'cancelled', 'missed')),
    exit_reason  VARCHAR(20) NOT NULL DEFAULT '',
    holder       VARCHAR(150) NOT NULL DEFAULT '',
    token        BIGINT NOT NULL DEFAULT 0,
    attempt      SMALLINT NOT NULL DEFAULT 0,
    actor        VARCHAR(64) NOT NULL,
    cancelled_by VARCHAR(64),
    asked_at     BIGINT NOT NULL,
    started_at   BIGINT,
    heartbeat_at BIGINT,
    finished_at  BIGINT,
    done         BIGINT NOT NULL DEFAULT 0,
    total        BIGINT NOT NULL DEFAULT 0,
    already      BIGINT NOT NULL DEFAULT 0,  -- of `done`, by earlier attempts
    note         VARCHAR(300) NOT NULL DEFAULT '',
    UNIQUE (job, slot),
    CHECK (state <> 'running' OR (started_at IS NOT NULL AND heartbeat_at IS NOT NULL)),
    CHECK (state IN ('queued', 'running') OR finished_at IS NOT NULL)
) /*! ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin */;

CREATE INDEX job_run_job ON job_run (job, id);
CREATE INDEX job_run_state ON job_run (state, id);
CREATE INDEX job_run_job_state ON job_run (job, state, id);

-- What a run had to say, line by line.
CREATE TABLE job_log (
    run_id BIGINT NOT NULL REFERENCES job_run (id),
    line   INTEGER NOT NULL CHECK (line > 0),
    at     BIGINT NOT NULL,
    level  VARCHAR(7) NOT NULL CHECK (level IN ('info', 'warning', 'error')),
    text   VARCHAR(1000) NOT NULL,
    PRIMARY KEY (run_id, line)
) /*sqlite WITHOUT ROWID*/ /*! ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin */;

-- The daemons: whoever runs the schedule says so here every few seconds, by the database's clock.
CREATE TABLE daemon (
    holder       VARCHAR(150) NOT NULL PRIMARY KEY,
    version      VARCHAR(20) NOT NULL,
    state        VARCHAR(10) NOT NULL CHECK (state IN ('active', 'standby', 'stopping')),
    started_at   BIGINT NOT NULL,
    heartbeat_at BIGINT NOT NULL,
    note         VARCHAR(300) NOT NULL DEFAULT ''
) /*! ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin */;

-- What the system itself reports: a period closed with its counters and sums, a run that gave up.
CREATE TABLE system_event (
    id      /*sqlite INTEGER*/ /*! BIGINT AUTO_INCREMENT*/ PRIMARY KEY,
    at      BIGINT NOT NULL,
    kind    VARCHAR(40) NOT NULL,
    subject VARCHAR(40) NOT NULL,
    details /*sqlite TEXT*/ /*! MEDIUMTEXT*/ NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin */;

CREATE INDEX system_event_at ON system_event (at, id);

-- Every change made by a person: who, what, the object before and after (JSON).
CREATE TABLE audit (
    id           /*sqlite INTEGER*/ /*! BIGINT AUTO_INCREMENT*/ PRIMARY KEY,
    at           BIGINT NOT NULL,
    actor        VARCHAR(64) NOT NULL,
    action       VARCHAR(40) NOT NULL,
    object       VARCHAR(100) NOT NULL,
    state_before /*sqlite TEXT*/ /*! MEDIUMTEXT*/,
    state_after  /*sqlite TEXT*/ /*! MEDIUMTEXT*/
) /*! ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin */;

CREATE INDEX audit_object ON audit (object, at);

-- ---------------------------------------------------------------------------------------------
-- The journal and the audit are only ever added to: the database itself refuses anything else.
-- ---------------------------------------------------------------------------------------------

-- @engine sqlite
-- INSERT OR REPLACE deletes without firing a delete trigger; so a row that would replace another
-- is refused before it is inserted.
CREATE TRIGGER journal_entry_no_update BEFORE UPDATE ON journal_entry
BEGIN SELECT RAISE(ABORT, 'a journal entry is never changed: reverse it'); END;
CREATE TRIGGER journal_entry_no_delete BEFORE DELETE ON journal_entry
BEGIN SELECT RAISE(ABORT, 'a journal entry is never deleted: reverse it'); END;
CREATE TRIGGER journal_entry_no_replace BEFORE INSERT ON journal_entry
WHEN EXISTS (SELECT 1 FROM journal_entry WHERE id = NEW.id OR entry_key = NEW.entry_key)
BEGIN SELECT RAISE(ABORT, 'UNIQUE: a journal entry is never replaced'); END;
CREATE TRIGGER posting_no_update BEFORE UPDATE ON posting
BEGIN SELECT RAISE(ABORT, 'a posting is never changed: reverse its entry'); END;
CREATE TRIGGER posting_no_delete BEFORE DELETE ON posting
BEGIN SELECT RAISE(ABORT, 'a posting is never deleted: reverse its entry'); END;
CREATE TRIGGER posting_no_replace BEFORE INSERT ON posting
WHEN EXISTS (SELECT 1 FROM posting WHERE entry_id = NEW.entry_id AND line = NEW.line)
BEGIN SELECT RAISE(ABORT, 'UNIQUE: a posting is never replaced'); END;
CREATE TRIGGER reversal_no_update BEFORE UPDATE ON reversal
BEGIN SELECT RAISE(ABORT, 'a reversal is never changed'); END;
CREATE TRIGGER reversal_no_delete BEFORE DELETE ON reversal
BEGIN SELECT RAISE(ABORT, 'a reversal is never deleted'); END;
CREATE TRIGGER reversal_no_replace BEFORE INSERT ON reversal
WHEN EXISTS (SELECT 1 FROM reversal WHERE entry_id = NEW.entry_id
    OR (reversed_entry = NEW.reversed_entry AND reversed_line = NEW.reversed_line))
BEGIN SELECT RAISE(ABORT, 'UNIQUE: a posting is reversed once'); END;
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit is never changed'); END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit is never deleted'); END;
CREATE TRIGGER audit_no_replace BEFORE INSERT ON audit
WHEN EXISTS (SELECT 1 FROM audit WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'UNIQUE: the audit is never replaced'); END;
-- @engine all

-- @engine mariadb
CREATE TRIGGER journal_entry_no_update BEFORE UPDATE ON journal_entry FOR EACH ROW
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'a journal entry is never changed: reverse it';
CREATE TRIGGER journal_entry_no_delete BEFORE DELETE ON journal_entry FOR EACH ROW
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'a journal entry is never deleted: reverse it';
CREATE TRIGGER posting_no_update BEFORE UPDATE ON posting FOR EACH ROW
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'a posting is never changed: reverse its entry';
CREATE TRIGGER posting_no_delete BEFORE DELETE ON posting FOR EACH ROW
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'a posting is never deleted: reverse its entry';
CREATE TRIGGER reversal_no_update BEFORE UPDATE ON reversal FOR EACH ROW
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'a reversal is never changed';
CREATE TRIGGER reversal_no_delete BEFORE DELETE ON reversal FOR EACH ROW
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'a reversal is never deleted';
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit FOR EACH ROW
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'the audit is never changed';
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit FOR EACH ROW
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'the audit is never deleted';
-- @engine all
