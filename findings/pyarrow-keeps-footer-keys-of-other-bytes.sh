#!/usr/bin/env bash
# What:      a Parquet file whose footer has key-values of its own (a checksum of its data, the number of
#            its rows) is read by pyarrow, filtered, and written to another file; once the file has
#            pyarrow's own key `ARROW:schema`, and once it has not, as files of other writers.
# Versions:  pyarrow 26.0.1; for comparison DuckDB 2.0.1 and polars 2.1.0.
# Behaviour: without `ARROW:schema` pyarrow takes all key-values of the footer for metadata of the
#            table's schema, carries them through filter() and writes them into the new footer. With
#            it, it drops them. DuckDB and polars always leave them out.
# Why a good guess goes wrong: key-values stand beside `created_by`, so one takes them for facts about
#            that very file, and who tries it out with a file that pyarrow wrote sees them go. A
#            reader that believes a checksum or a count among them calls each file of another writer
#            damaged that went through pyarrow. Ask `created_by` first.
# Output seen:
#            plain, by pyarrow: rows 2, footer says rows=4 crc32=2918445923
#            plain, by duckdb: rows 2, footer says nothing
#            plain, by polars: rows 2, footer says nothing
#            with ARROW:schema, by pyarrow: rows 2, footer says nothing
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet pyarrow==26.0.1 duckdb==2.0.1 polars==2.1.0
cd "$work"
"$work/venv/bin/python" - <<'PY'
import sys, zlib
import duckdb, polars, pyarrow as pa, pyarrow.compute as pc, pyarrow.parquet as pq

table = pa.table({"host": ["a", "b", "a", "c"], "value": [1, 2, 3, 4]})

def write(name, has_schema):
    with pq.ParquetWriter(name, table.schema, store_schema=has_schema) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({"example.rows": "4", "example.crc32": str(zlib.crc32(b"data"))})

def by_pyarrow(source, target):
    read = pq.read_table(source)
    pq.write_table(read.filter(pc.equal(read["host"], "a")), target)

def told(words, name):
    found = pq.read_metadata(name)
    keys = {k.decode(): v.decode() for k, v in (found.metadata or {}).items()}
    ours = {k.removeprefix("example."): v for k, v in keys.items() if k.startswith("example.")}
    says = " ".join(f"{k}={v}" for k, v in sorted(ours.items(), reverse=True))
    print(f"{words}: rows {found.num_rows}, footer says {says or 'nothing'}")
    return found.num_rows == 2 and ours.get("rows")

write("plain.parquet", False)
write("arrow.parquet", True)
by_pyarrow("plain.parquet", "p.parquet")
by_pyarrow("arrow.parquet", "a.parquet")
duckdb.sql("COPY (SELECT * FROM 'plain.parquet' WHERE host = 'a') TO 'd.parquet'")
polars.read_parquet("plain.parquet").filter(polars.col("host") == "a").write_parquet("o.parquet")
seen = [
    told("plain, by pyarrow", "p.parquet"),
    told("plain, by duckdb", "d.parquet"),
    told("plain, by polars", "o.parquet"),
    told("with ARROW:schema, by pyarrow", "a.parquet"),
]
sys.exit(0 if seen == ["4", None, None, None] else "the behaviour has changed")
PY
