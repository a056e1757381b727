//! What docs/operating.md says to an engine that shards is said to a real PostgreSQL with today's tables, whose functions of these
//! names demand what Citus demands: each table has one place, and whatever must be unique has the column by which it is placed.

use kit::{Database, Server, workspace};
use std::fs;

/// The functions, as Citus has them, that refuse what it refuses (Citus: "Choosing Distribution Column", "Cannot create
/// uniqueness constraint"; tables that stand together have columns of one type; foreign keys lead to tables that are everywhere).
const FUNCTIONS: &str = r"
CREATE SCHEMA citus;
CREATE TABLE citus.placed (name TEXT NOT NULL PRIMARY KEY, place TEXT NOT NULL, of TEXT);
CREATE FUNCTION create_distributed_table(table_name regclass, distribution_column text, colocate_with text DEFAULT 'default')
RETURNS void LANGUAGE plpgsql AS $$
DECLARE found text; type text;
BEGIN
    SELECT format_type(atttypid, atttypmod) INTO STRICT type FROM pg_attribute
        WHERE attrelid = table_name AND attname = distribution_column AND NOT attisdropped;
    SELECT string_agg(i.indexrelid::regclass::text, ', ') INTO found FROM pg_index i WHERE i.indrelid = table_name AND i.indisunique
        AND NOT EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = table_name AND a.attname = distribution_column
            AND a.attnum = ANY (i.indkey));
    IF found IS NOT NULL THEN RAISE EXCEPTION '% is unique without %', found, distribution_column; END IF;
    SELECT string_agg(conname, ', ') INTO found FROM pg_constraint WHERE contype = 'f' AND table_name IN (conrelid, confrelid);
    IF found IS NOT NULL THEN RAISE EXCEPTION 'a foreign key leads from or to it: %', found; END IF;
    IF colocate_with NOT IN ('default', 'none') THEN
        SELECT name INTO STRICT found FROM citus.placed p WHERE p.name = colocate_with AND p.of = type;
    END IF;
    INSERT INTO citus.placed VALUES (table_name::text, 'distributed', type);
END $$;
CREATE FUNCTION create_reference_table(table_name regclass) RETURNS void LANGUAGE sql AS $$
    INSERT INTO citus.placed VALUES (table_name::text, 'everywhere', NULL) $$;
CREATE FUNCTION citus_add_local_table_to_metadata(table_name regclass) RETURNS void LANGUAGE sql AS $$
    INSERT INTO citus.placed VALUES (table_name::text, 'one place', NULL) $$;
";

/// Tables that stay where they are because Citus would not take them apart: whatever the page says of that must be so.
const REFUSED: [(&str, &str); 3] = [("search_mailbox", "mailbox"), ("search_document", "mailbox"), ("device_code", "mailbox")];

/// What the page says, statement by statement.
fn calls() -> String {
    let page = fs::read_to_string(workspace().join("docs/operating.md")).unwrap();
    let (_, behind) = page.split_once("```sql\n").expect("the page has the calls");
    behind.split_once("```").expect("they end").0.to_owned()
}

#[tokio::test]
async fn each_table_has_one_place_that_a_sharding_engine_would_give_it() {
    let rows = Database::new();
    let [server] = Server::nodes_on(rows.url()).await;
    rows.ask(FUNCTIONS);
    for (table, column) in REFUSED {
        let refusal = rows.ask(&format!(
            "CREATE FUNCTION refusal() RETURNS text LANGUAGE plpgsql AS $$ BEGIN
                 PERFORM create_distributed_table('{table}', '{column}'); RETURN 'none';
             EXCEPTION WHEN raise_exception THEN RETURN SQLERRM; END $$;
             SELECT refusal(); DROP FUNCTION refusal()"
        ));
        assert!(refusal.contains("is unique without"), "{table} could be placed by {column}: {refusal}");
    }
    rows.ask(&calls());
    let tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'";
    let left = rows.ask(&format!("{tables} AND tablename NOT IN (SELECT name FROM citus.placed) ORDER BY 1"));
    assert_eq!(left, "", "tables that docs/operating.md gives no place");
    let of_one = "SELECT count(*) FROM citus.placed WHERE place = 'distributed' AND name IN ('mailbox', 'message', 'outbox')";
    assert_eq!(rows.ask(of_one), "3\n", "mail is spread by its mailbox");
    let with_mailbox =
        "SELECT table_name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'mailbox'
         AND table_name IN (SELECT name FROM citus.placed WHERE place = 'one place') ORDER BY 1";
    assert_eq!(rows.ask(with_mailbox), "device_code\nsearch_document\nsearch_mailbox\n", "the others are spread or everywhere");
    server.finish().await;
}
