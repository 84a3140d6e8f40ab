-- Run once, when PostgreSQL's volume is empty: a database for each service, which its role owns and
-- no other role can enter.
\getenv password INTAKE_DB_PASSWORD
CREATE ROLE intake LOGIN PASSWORD :'password';
CREATE DATABASE intake OWNER intake;

\getenv password SCORING_DB_PASSWORD
CREATE ROLE scoring LOGIN PASSWORD :'password';
CREATE DATABASE scoring OWNER scoring;

\getenv password NOTIFY_DB_PASSWORD
CREATE ROLE notify LOGIN PASSWORD :'password';
CREATE DATABASE notify OWNER notify;

REVOKE ALL ON DATABASE intake, scoring, notify, postgres, template1 FROM PUBLIC;
