-- A foreign key without index, the same index twice, a table without key, and a table that was large once.
SET ROLE shop;
CREATE TABLE customers (id bigint PRIMARY KEY, email text NOT NULL UNIQUE);
CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint REFERENCES customers, state text);
CREATE INDEX customers_email_again ON customers (email);
CREATE TABLE journal (at timestamptz, what text);
CREATE TABLE swollen (id bigint PRIMARY KEY, note text);
INSERT INTO customers SELECT n, 'c' || n FROM generate_series(1, 1000) n;
INSERT INTO orders SELECT n, n, 'new' FROM generate_series(1, 1000) n;
INSERT INTO swollen SELECT n, repeat('x', 500) FROM generate_series(1, 40000) n;
DELETE FROM swollen WHERE id % 60 <> 0;
ANALYZE;
SELECT count(*) FROM orders WHERE state = 'new';
