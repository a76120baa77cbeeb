-- What jobs/index needs to keep Elasticsearch up to date (doc/search.md).
-- MySQL 8 has no ADD COLUMN IF NOT EXISTS, so that a second run is told by the schema.

-- A change that Elasticsearch refuses for good stays where it is, marked, so that its message is still
-- found from here. The oldest ones that are not marked lie together, in order: an index ends in the
-- primary key.
SET @search_changes = IF((SELECT COUNT(*) FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'message_changes' AND column_name = 'refused_at') = 0,
  'ALTER TABLE message_changes ADD COLUMN refused_at DATETIME(6) NULL, ADD COLUMN error VARCHAR(255) NULL,
   ADD KEY index_message_changes_on_refused_at (refused_at)', 'DO 0');
PREPARE search_changes FROM @search_changes;
EXECUTE search_changes;
DEALLOCATE PREPARE search_changes;

-- One row: which index is searched, which is being built, and how far that is. Whoever writes to an index
-- what the outbox has holds its lock meanwhile, so that nobody writes who does not know of both.
CREATE TABLE IF NOT EXISTS search_index (
  id TINYINT UNSIGNED NOT NULL,
  -- names of indexes, and what tells one from another that got the same name later; NULL: none
  active VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NULL,
  active_uuid VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
  building VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NULL,
  building_uuid VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
  -- idle, asked, create, fill, compare, swap
  phase VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'idle',
  -- when jobs/index last had nothing to tell, or all of a batch was taken, to a few seconds
  succeeded_at DATETIME(6) NULL,
  PRIMARY KEY (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_520_ci;

INSERT IGNORE INTO search_index (id) VALUES (1);

-- One row: how far the phase `fill` or `compare` of the index that is being built has come. A row of its
-- own, for it is written while others hold the lock of search_index.
CREATE TABLE IF NOT EXISTS search_backfill (
  id TINYINT UNSIGNED NOT NULL,
  -- the message that was done last; 0 and 0: none yet
  chat_id BIGINT UNSIGNED NOT NULL DEFAULT 0,
  number INT UNSIGNED NOT NULL DEFAULT 0,
  done BIGINT UNSIGNED NOT NULL DEFAULT 0,
  total BIGINT UNSIGNED NOT NULL DEFAULT 0,
  -- phase compare: differences found so far, and how often all was compared
  differences BIGINT UNSIGNED NOT NULL DEFAULT 0,
  rounds INT UNSIGNED NOT NULL DEFAULT 0,
  began_at DATETIME(6) NULL,
  PRIMARY KEY (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_520_ci;

INSERT IGNORE INTO search_backfill (id) VALUES (1);
