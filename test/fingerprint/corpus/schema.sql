drop table if exists invoices, orders, customers cascade;
drop type if exists order_status;
create type order_status as enum ('open', 'paid');
create table customers (id int primary key, email text not null unique, name varchar(20));
create table orders (
  id int primary key,
  customer_id int not null references customers (id),
  total numeric not null check (total >= 0),
  currency char(3) not null,
  status order_status not null default 'open'
);
insert into customers select n, 'customer' || n || '@shop.example', 'Anna' from generate_series(1, 9) n;
insert into orders select n, 1, 10, 'EUR', 'open' from generate_series(1, 9999) n;
