-- The same index twice, one that is the beginning of another, and a table without key.
CREATE TABLE customers (id bigint PRIMARY KEY, email varchar(200) NOT NULL UNIQUE);
CREATE TABLE receipts (
  id bigint PRIMARY KEY, customer bigint NOT NULL, at datetime, what varchar(200),
  KEY receipts_at (at), KEY receipts_at_what (at, what), FOREIGN KEY receipts_customer (customer) REFERENCES customers (id)
);
CREATE TABLE journal (at datetime, what varchar(200));
INSERT INTO customers VALUES (1, 'one@example.org');
INSERT INTO receipts VALUES (1, 1, NOW(), 'bread');
SELECT COUNT(*) FROM receipts WHERE what = 'bread';
