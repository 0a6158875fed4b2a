"""Segments become searchable: a column of word stems that Postgres keeps current, and its index."""

import django.contrib.postgres.indexes
import django.contrib.postgres.search
from django.db import migrations, models

# Immutable, as generated columns need: a cast of text to regconfig alone is not. Everything is named with its schema,
# so that a restored dump finds it.
SEARCH_CONFIGURATION = """
CREATE FUNCTION search_configuration(language text) RETURNS regconfig LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE split_part(language, '-', 1)
  WHEN 'ar' THEN 'pg_catalog.arabic'::regconfig
  WHEN 'ca' THEN 'pg_catalog.catalan'::regconfig
  WHEN 'da' THEN 'pg_catalog.danish'::regconfig
  WHEN 'de' THEN 'pg_catalog.german'::regconfig
  WHEN 'el' THEN 'pg_catalog.greek'::regconfig
  WHEN 'en' THEN 'pg_catalog.english'::regconfig
  WHEN 'es' THEN 'pg_catalog.spanish'::regconfig
  WHEN 'eu' THEN 'pg_catalog.basque'::regconfig
  WHEN 'fi' THEN 'pg_catalog.finnish'::regconfig
  WHEN 'fr' THEN 'pg_catalog.french'::regconfig
  WHEN 'ga' THEN 'pg_catalog.irish'::regconfig
  WHEN 'hi' THEN 'pg_catalog.hindi'::regconfig
  WHEN 'hu' THEN 'pg_catalog.hungarian'::regconfig
  WHEN 'hy' THEN 'pg_catalog.armenian'::regconfig
  WHEN 'id' THEN 'pg_catalog.indonesian'::regconfig
  WHEN 'it' THEN 'pg_catalog.italian'::regconfig
  WHEN 'lt' THEN 'pg_catalog.lithuanian'::regconfig
  WHEN 'ne' THEN 'pg_catalog.nepali'::regconfig
  WHEN 'nl' THEN 'pg_catalog.dutch'::regconfig
  WHEN 'no' THEN 'pg_catalog.norwegian'::regconfig
  WHEN 'pt' THEN 'pg_catalog.portuguese'::regconfig
  WHEN 'ro' THEN 'pg_catalog.romanian'::regconfig
  WHEN 'ru' THEN 'pg_catalog.russian'::regconfig
  WHEN 'sr' THEN 'pg_catalog.serbian'::regconfig
  WHEN 'sv' THEN 'pg_catalog.swedish'::regconfig
  WHEN 'ta' THEN 'pg_catalog.tamil'::regconfig
  WHEN 'tr' THEN 'pg_catalog.turkish'::regconfig
  WHEN 'yi' THEN 'pg_catalog.yiddish'::regconfig
  ELSE 'pg_catalog.simple'::regconfig
END
"""
# A separator (U+001F) before each character of Thai, Japanese, Chinese and Korean: words have no spaces there.
SEARCHABLE_TEXT = r"""
CREATE FUNCTION searchable_text(written text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN regexp_replace(
  written, '([\u0e00-\u0e7f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff])', E'\x1f\\1\x1f', 'g'
)
"""


class Migration(migrations.Migration):
    dependencies = [("meetings", "0004_rooms_of_hosts")]

    operations = [
        migrations.RunSQL(SEARCH_CONFIGURATION, "DROP FUNCTION search_configuration(text)"),
        migrations.RunSQL(SEARCHABLE_TEXT, "DROP FUNCTION searchable_text(text)"),
        migrations.AddField(
            model_name="segment",
            name="search",
            field=models.GeneratedField(
                db_persist=True,
                expression=models.Func(
                    models.Func(
                        models.F("language"), function="search_configuration", output_field=models.TextField()
                    ),
                    models.Func(models.F("text"), function="searchable_text", output_field=models.TextField()),
                    function="to_tsvector",
                    output_field=django.contrib.postgres.search.SearchVectorField(),
                ),
                output_field=django.contrib.postgres.search.SearchVectorField(),
            ),
        ),
        migrations.AddIndex(
            model_name="segment",
            index=django.contrib.postgres.indexes.GinIndex(fields=["search"], name="segment_search"),
        ),
    ]
