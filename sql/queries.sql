-- Every statement of Parley. "-- name: X" begins one; the build makes sql/queries.sql into a table
-- indexed by DB_X (lib/db.h). {…} is a group that the caller repeats. In the order of locks: a
-- transaction takes redis_mark (its own row), chat_applications by id, chats by id, then messages.

-- name: session
SET SESSION time_zone = '+00:00', sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION',
  innodb_lock_wait_timeout = ?, wait_timeout = ?;

-- name: isolation
SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED;

-- name: begin
START TRANSACTION;

-- For the next transaction alone; then begin_snapshot: all that is read in it is of one moment.
-- name: repeatable
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;

-- name: begin_snapshot
START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY;

-- name: commit
COMMIT;

-- name: rollback
ROLLBACK;

-- name: server
SELECT @@max_allowed_packet, COALESCE(MAX(version), 0) FROM parley_migrations;

-- How many connections MySQL allows, how many the account that we have there, and how many that one has.
-- Without a privilege one sees no others than one's own.
-- name: room_limits
SELECT @@max_connections, @@max_user_connections, COUNT(*) FROM information_schema.PROCESSLIST
WHERE USER = SUBSTRING_INDEX(USER(), '@', 1);

-- name: room_connections
SHOW GLOBAL STATUS LIKE 'Threads_connected';

-- name: doctor_server
SELECT VERSION(), @@max_allowed_packet, @@max_connections, CAST(UNIX_TIMESTAMP(NOW(6)) * 1000000 AS UNSIGNED),
  @@character_set_database;

-- name: doctor_rights
SHOW GRANTS;

-- migrations

-- name: migrate_lock
SELECT GET_LOCK(CONCAT('parley_migrate.', MD5(DATABASE())), ?);

-- name: migrate_table
CREATE TABLE IF NOT EXISTS parley_migrations (
  version INT UNSIGNED NOT NULL,
  name VARCHAR(255) NOT NULL,
  applied_at DATETIME(6) NOT NULL,
  PRIMARY KEY (version)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_520_ci;

-- name: migrate_level
SELECT COALESCE(MAX(version), 0) FROM parley_migrations;

-- name: migrate_done
INSERT INTO parley_migrations (version, name, applied_at) VALUES (?, ?, ?);

-- applications

-- name: application_insert
INSERT INTO chat_applications (name, token, created_at, updated_at) VALUES (?, ?, ?, ?);

-- name: application_by_token
SELECT id, name, token, chats_count, created_at, updated_at
FROM chat_applications WHERE token = ? AND deleted_at IS NULL;

-- name: application_id
SELECT id FROM chat_applications WHERE token = ?;

-- name: application_list
SELECT id, name, token, chats_count, created_at, updated_at
FROM chat_applications WHERE deleted_at IS NULL AND id > ? ORDER BY id LIMIT ?;

-- name: application_rename
UPDATE chat_applications SET name = ?, updated_at = ? WHERE token = ? AND deleted_at IS NULL;

-- name: application_state
SELECT deleted_at IS NOT NULL, chats_stored, last_chat_number FROM chat_applications WHERE id = ?;

-- chats

-- name: chat_state
SELECT a.deleted_at IS NOT NULL, c.id IS NOT NULL, c.deleted_at IS NOT NULL, c.messages_stored,
  c.last_message_number, c.number, c.messages_count, c.created_at, c.updated_at
FROM chat_applications a LEFT JOIN chats c ON c.id = ? WHERE a.id = ?;

-- The same, and what a search has to know: the index that is searched, and whether it was told all of the chat.
-- name: chat_state_search
SELECT a.deleted_at IS NOT NULL, c.id IS NOT NULL, c.deleted_at IS NOT NULL, c.messages_stored,
  c.last_message_number, c.number, c.messages_count, c.created_at, c.updated_at,
  (SELECT active FROM search_index WHERE id = 1), EXISTS (SELECT * FROM message_changes m WHERE m.chat_id = c.id)
FROM chat_applications a LEFT JOIN chats c ON c.id = ? WHERE a.id = ?;

-- name: chat_last
SELECT COALESCE(MAX(number), 0) FROM chats WHERE chat_application_id = ?;

-- name: chat_list_after
SELECT number, messages_count, created_at, updated_at FROM chats
WHERE chat_application_id = ? AND number > ? AND number <= ? AND deleted_at IS NULL ORDER BY number LIMIT ?;

-- name: chat_list_before
SELECT number, messages_count, created_at, updated_at FROM chats
WHERE chat_application_id = ? AND number < ? AND number >= ? AND deleted_at IS NULL ORDER BY number DESC LIMIT ?;

-- messages

-- name: message_get
SELECT deleted_at IS NOT NULL, number, body, created_at, updated_at
FROM messages WHERE chat_id = ? AND number = ?;

-- name: message_list_after
SELECT number, body, created_at, updated_at FROM messages
WHERE chat_id = ? AND number > ? AND number <= ? AND deleted_at IS NULL ORDER BY number LIMIT ?;

-- name: message_list_before
SELECT number, body, created_at, updated_at FROM messages
WHERE chat_id = ? AND number < ? AND number >= ? AND deleted_at IS NULL ORDER BY number DESC LIMIT ?;

-- name: message_edit
UPDATE messages SET body = ?, version = version + 1, updated_at = ?
WHERE chat_id = ? AND number = ? AND deleted_at IS NULL;

-- name: message_delete
UPDATE messages SET body = '', version = version + 1, updated_at = ?, deleted_at = ?
WHERE chat_id = ? AND number = ? AND deleted_at IS NULL;

-- What the outbox is told of one row, deleted or not.
-- name: message_changed
INSERT INTO message_changes (chat_id, number, version, created_at)
SELECT chat_id, number, version, updated_at FROM messages WHERE chat_id = ? AND number = ?;

-- name: chat_message_deleted
UPDATE chats SET messages_count = messages_count - LEAST(messages_count, 1) WHERE id = ?;

-- tombstones of applications and chats

-- name: application_lock
SELECT id, deleted_at IS NOT NULL, purged_at IS NOT NULL FROM chat_applications
WHERE token = ? FOR UPDATE;

-- name: application_delete
UPDATE chat_applications SET deleted_at = ?, updated_at = ? WHERE id = ?;

-- name: chat_delete
UPDATE chats SET deleted_at = ?, updated_at = ? WHERE id = ?;

-- name: chat_insert_deleted
INSERT INTO chats (id, chat_application_id, number, created_at, updated_at, deleted_at)
VALUES (?, ?, ?, ?, ?, ?);

-- name: application_chat_deleted
UPDATE chat_applications SET chats_count = chats_count - LEAST(chats_count, 1) WHERE id = ?;

-- name: application_chat_void
UPDATE chat_applications SET chats_stored = chats_stored + 1,
  last_chat_number = GREATEST(last_chat_number, ?) WHERE id = ?;

-- the highest number that the parent or its rows know, and is the parent deleted

-- name: heal_application
SELECT a.deleted_at IS NOT NULL, GREATEST(a.last_chat_number,
  COALESCE((SELECT MAX(c.number) FROM chats c WHERE c.chat_application_id = a.id), 0))
FROM chat_applications a WHERE a.id = ?;

-- name: heal_chat
SELECT a.deleted_at IS NOT NULL OR c.deleted_at IS NOT NULL, GREATEST(COALESCE(c.last_message_number, 0),
  COALESCE((SELECT MAX(m.number) FROM messages m WHERE m.chat_id = c.id), 0))
FROM chat_applications a LEFT JOIN chats c ON c.id = ? WHERE a.id = ?;

-- purging what hangs below a tombstone

-- name: purge_applications
SELECT id, token FROM chat_applications
WHERE purged_at IS NULL AND deleted_at IS NOT NULL ORDER BY deleted_at LIMIT ?;

-- name: purge_application_chats
SELECT id, number, deleted_at IS NULL FROM chats
WHERE chat_application_id = ? AND number > ? ORDER BY number LIMIT ?;

-- name: purge_bury_chats
UPDATE chats SET deleted_at = ?, updated_at = ? WHERE deleted_at IS NULL AND id IN ({?});

-- name: purge_application_done
UPDATE chat_applications SET purged_at = ?, chats_count = 0 WHERE id = ?;

-- name: purge_chats
SELECT c.id, a.deleted_at IS NOT NULL
FROM chats c STRAIGHT_JOIN chat_applications a ON a.id = c.chat_application_id
WHERE c.purged_at IS NULL AND c.deleted_at IS NOT NULL ORDER BY c.deleted_at LIMIT ?;

-- name: purge_changes
INSERT INTO message_changes (chat_id, number, version, created_at)
SELECT chat_id, number, version + 1, ? FROM messages WHERE chat_id = ? ORDER BY number LIMIT ?;

-- name: purge_messages
DELETE FROM messages WHERE chat_id = ? ORDER BY number LIMIT ?;

-- name: purge_renumbered
DELETE FROM renumbered_messages WHERE chat_id = ?;

-- name: purge_chat_done
UPDATE chats SET purged_at = ?, messages_count = 0 WHERE id = ?;

-- the mark: how far Redis had come

-- name: mark_set
INSERT INTO redis_mark (slot, mark) VALUES (?, ?)
ON DUPLICATE KEY UPDATE mark = GREATEST(mark, VALUES(mark));

-- A locking read: it waits for the open transactions of all slots.
-- name: mark_highest
SELECT COALESCE(MAX(mark), 0) FROM redis_mark LOCK IN SHARE MODE;

-- Recovering a Redis that went back. One at a time; other databases of this server have theirs.
-- name: recover_lock
SELECT GET_LOCK(CONCAT('parley_recover.', MD5(DATABASE())), 0);

-- name: recover_unlock
SELECT RELEASE_LOCK(CONCAT('parley_recover.', MD5(DATABASE())));

-- name: recover_applications
SELECT a.id, a.deleted_at IS NOT NULL, GREATEST(a.last_chat_number,
  COALESCE((SELECT MAX(c.number) FROM chats c WHERE c.chat_application_id = a.id), 0))
FROM chat_applications a WHERE a.id > ? ORDER BY a.id LIMIT ?;

-- name: recover_chats
SELECT c.id, c.deleted_at IS NOT NULL OR a.deleted_at IS NOT NULL, GREATEST(c.last_message_number,
  COALESCE((SELECT MAX(m.number) FROM messages m WHERE m.chat_id = c.id), 0))
FROM chats c STRAIGHT_JOIN chat_applications a ON a.id = c.chat_application_id
WHERE c.id > ? ORDER BY c.id LIMIT ?;

-- A recovery that broke off and is tried again is the same loss.
-- name: loss_found
INSERT INTO redis_losses (known_seq, queue_seq, found_at)
SELECT ?, ?, ? FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM redis_losses WHERE recovered_at IS NULL);

-- name: loss_recovered
UPDATE redis_losses SET recovered_at = ? WHERE recovered_at IS NULL;

-- name: anything_stored
SELECT EXISTS (SELECT 1 FROM chats) OR EXISTS (SELECT 1 FROM redis_mark WHERE mark > 0);

-- storing a batch

-- name: store_lock_applications
SELECT id, deleted_at IS NOT NULL, purged_at IS NOT NULL FROM chat_applications
WHERE id IN ({?}) ORDER BY id FOR UPDATE;

-- name: store_hold_applications
SELECT id, deleted_at IS NOT NULL FROM chat_applications WHERE id IN ({?}) ORDER BY id LOCK IN SHARE MODE;

-- name: store_find_chats
SELECT id, deleted_at IS NOT NULL FROM chats WHERE id IN ({?});

-- name: store_lock_chats
SELECT id, deleted_at IS NOT NULL, purged_at IS NOT NULL FROM chats
WHERE id IN ({?}) ORDER BY id FOR UPDATE;

-- name: store_chats
INSERT INTO chats (id, chat_application_id, number, created_at, updated_at) VALUES {(?, ?, ?, ?, ?)};

-- name: store_chat_created
UPDATE chats SET created_at = LEAST(created_at, ?) WHERE id = ?;

-- name: store_application_counts
UPDATE chat_applications SET chats_count = chats_count + ?, chats_stored = chats_stored + ?,
  last_chat_number = GREATEST(last_chat_number, ?) WHERE id = ?;

-- name: store_messages
INSERT INTO messages (chat_id, number, version, job_key, created_at, updated_at, deleted_at, body)
VALUES {(?, ?, ?, ?, ?, ?, ?, ?)};

-- name: store_chat_counts
UPDATE chats SET messages_count = messages_count + ?, messages_stored = messages_stored + ?,
  last_message_number = GREATEST(last_message_number, ?) WHERE id = ?;

-- name: store_renumbered
INSERT INTO renumbered_messages (chat_id, number, given_number, created_at) VALUES {(?, ?, ?, ?)}
ON DUPLICATE KEY UPDATE given_number = VALUES(given_number);

-- name: store_changes
INSERT INTO message_changes (chat_id, number, version, created_at) VALUES {(?, ?, ?, ?)};

-- name: store_fill_void
UPDATE messages SET version = 1, job_key = ?, created_at = ?, updated_at = ?, deleted_at = NULL, body = ?
WHERE chat_id = ? AND number = ? AND version = 0;

-- name: store_find_numbers
SELECT chat_id, number, version, job_key FROM messages WHERE (chat_id, number) IN ({(?, ?)});

-- name: store_find_keys
SELECT chat_id, number, job_key FROM messages WHERE job_key IN ({?});

-- name: message_last
SELECT COALESCE(MAX(number), 0) FROM messages WHERE chat_id = ?;

-- recount: what the parent says (stored, living, last) beside what its rows are, in one snapshot

-- name: recount_messages
SELECT c.messages_stored, c.messages_count, c.last_message_number,
  COUNT(m.number), COUNT(m.number) - COUNT(m.deleted_at), COALESCE(MAX(m.number), 0)
FROM chats c LEFT JOIN messages m ON m.chat_id = c.id WHERE c.id = ? AND c.deleted_at IS NULL GROUP BY c.id;

-- name: recount_messages_lock
SELECT id FROM chats WHERE id = ? FOR UPDATE;

-- name: recount_messages_set
UPDATE chats SET messages_stored = ?, messages_count = ?,
  last_message_number = GREATEST(last_message_number, ?) WHERE id = ?;

-- name: recount_chats
SELECT a.chats_stored, a.chats_count, a.last_chat_number,
  COUNT(c.number), COUNT(c.number) - COUNT(c.deleted_at), COALESCE(MAX(c.number), 0)
FROM chat_applications a LEFT JOIN chats c ON c.chat_application_id = a.id
WHERE a.id = ? AND a.deleted_at IS NULL GROUP BY a.id;

-- name: recount_chats_lock
SELECT id FROM chat_applications WHERE id = ? FOR UPDATE;

-- name: recount_chats_set
UPDATE chat_applications SET chats_stored = ?, chats_count = ?,
  last_chat_number = GREATEST(last_chat_number, ?) WHERE id = ?;

-- health

-- name: ping
SELECT 1;

-- search

-- Deleted rows count, so that a statement never has to read more than so many.
-- name: scan_window
SELECT number, body, deleted_at IS NOT NULL FROM messages
WHERE chat_id = ? AND number < ? ORDER BY number DESC LIMIT ?;

-- What Elasticsearch was not told of yet, the newest message first.
-- name: search_tail
SELECT c.number, m.body, m.number IS NOT NULL AND m.deleted_at IS NULL, i.active
FROM search_index i
LEFT JOIN (SELECT DISTINCT number FROM message_changes WHERE chat_id = ? ORDER BY number DESC LIMIT ?) c ON TRUE
LEFT JOIN messages m ON m.chat_id = ? AND m.number = c.number
WHERE i.id = 1 ORDER BY c.number DESC;

-- name: search_page
SELECT number, body, created_at, updated_at FROM messages
WHERE chat_id = ? AND deleted_at IS NULL AND number IN ({?});

-- the index of Elasticsearch: which there are, and the outbox

-- Whoever holds this row may write to the index what the outbox has, and change what the row says. In no
-- order with other locks: nobody waits for it.
-- name: index_lock
SELECT active, active_uuid, building, building_uuid, phase, succeeded_at FROM search_index
WHERE id = 1 FOR UPDATE NOWAIT;

-- name: index_state
SELECT active, active_uuid, building, building_uuid, phase, succeeded_at FROM search_index WHERE id = 1;

-- name: index_set
UPDATE search_index SET active = ?, active_uuid = ?, building = ?, building_uuid = ?, phase = ? WHERE id = 1;

-- name: index_succeeded
UPDATE search_index SET succeeded_at = ? WHERE id = 1;

-- Who does the steps of a new index; other databases of this server have theirs.
-- name: index_take
SELECT GET_LOCK(CONCAT('parley_', ?, '.', MD5(DATABASE())), ?);

-- name: index_free
SELECT IS_FREE_LOCK(CONCAT('parley_', ?, '.', MD5(DATABASE())));

-- name: index_release
SELECT RELEASE_LOCK(CONCAT('parley_', ?, '.', MD5(DATABASE())));

-- name: backfill_state
SELECT chat_id, number, done, total, differences, rounds, began_at FROM search_backfill WHERE id = 1;

-- name: backfill_set
UPDATE search_backfill SET chat_id = ?, number = ?, done = ?, total = ?, differences = ?, rounds = ?
WHERE id = 1;

-- name: backfill_began
UPDATE search_backfill SET began_at = ? WHERE id = 1;

-- name: backfill_total
SELECT COALESCE(SUM(messages_stored), 0) FROM chats;

-- Deleted rows count, so that a statement never has to read more than so many.
-- name: backfill_rest
SELECT chat_id, number, version, deleted_at IS NULL, body FROM messages
WHERE chat_id = ? AND number > ? ORDER BY number LIMIT ?;

-- name: backfill_next
SELECT chat_id, number, version, deleted_at IS NULL, body FROM messages
WHERE chat_id > ? ORDER BY chat_id, number LIMIT ?;

-- Each change beside its message as it is now; the changes of a message one behind the other.
-- name: outbox_read
SELECT c.id, c.chat_id, c.number, c.version, m.version, m.chat_id IS NOT NULL AND m.deleted_at IS NULL, m.body
FROM (SELECT id, chat_id, number, version FROM message_changes WHERE refused_at IS NULL ORDER BY id LIMIT ?) c
LEFT JOIN messages m ON m.chat_id = c.chat_id AND m.number = c.number
ORDER BY c.chat_id, c.number, c.id;

-- name: outbox_next
SELECT id FROM message_changes WHERE refused_at IS NULL ORDER BY id LIMIT 1;

-- name: outbox_delete
DELETE FROM message_changes WHERE id IN ({?});

-- name: outbox_refuse
UPDATE message_changes SET refused_at = ?, error = ? WHERE id IN ({?});

-- name: outbox_any_refused
SELECT id FROM message_changes WHERE refused_at IS NOT NULL LIMIT 1;

-- Refused ones whose message has a change among these that is no older.
-- name: outbox_drop_refused
DELETE r FROM message_changes c JOIN message_changes r ON r.chat_id = c.chat_id AND r.number = c.number
WHERE c.id IN ({?}) AND r.refused_at IS NOT NULL AND r.version <= c.version;

-- name: outbox_unrefuse
UPDATE message_changes SET refused_at = NULL, error = NULL
WHERE refused_at IS NOT NULL AND chat_id >= ? AND chat_id <= ?;

-- How many wait (at most so many are counted), since when, and how many were refused.
-- name: outbox_depth
SELECT (SELECT COUNT(*) FROM (SELECT id FROM message_changes WHERE refused_at IS NULL LIMIT ?) w),
  (SELECT created_at FROM message_changes WHERE refused_at IS NULL ORDER BY id LIMIT 1),
  (SELECT COUNT(*) FROM message_changes WHERE refused_at IS NOT NULL);

-- name: outbox_first_refused
SELECT chat_id, number, error FROM message_changes
WHERE refused_at IS NOT NULL AND chat_id >= ? AND chat_id <= ? ORDER BY id LIMIT 1;

-- name: outbox_count_refused
SELECT COUNT(*) FROM message_changes WHERE refused_at IS NOT NULL AND chat_id >= ? AND chat_id <= ?;

-- name: outbox_numbers
SELECT DISTINCT number FROM message_changes WHERE chat_id = ? AND number >= ? AND number <= ? ORDER BY number;

-- name: outbox_highest
SELECT COALESCE(MAX(id), 0) FROM message_changes;

-- Are changes of that application left that wait, as far as this one?
-- name: outbox_left
SELECT COUNT(*) FROM message_changes
WHERE refused_at IS NULL AND id <= ? AND chat_id >= ? AND chat_id <= ?;

-- name: outbox_add_message
INSERT INTO message_changes (chat_id, number, version, created_at)
SELECT chat_id, number, version, ? FROM messages WHERE id = ?;

-- name: outbox_add_refused
INSERT INTO message_changes (chat_id, number, version, created_at, refused_at, error) VALUES (?, ?, ?, ?, ?, ?);

-- name: outbox_last_of_ids
SELECT COALESCE(MAX(id), 0) FROM (SELECT id FROM messages WHERE id >= ? AND id <= ? ORDER BY id LIMIT ?) m;

-- name: outbox_add_ids
INSERT INTO message_changes (chat_id, number, version, created_at)
SELECT chat_id, number, version, ? FROM messages WHERE id >= ? AND id <= ? ORDER BY id;

-- name: outbox_add_numbers
INSERT INTO message_changes (chat_id, number, version, created_at)
SELECT chat_id, number, version, ? FROM messages
WHERE chat_id = ? AND number >= ? AND number <= ? ORDER BY number;

-- Elasticsearch has a higher version: from now on MySQL has it, too.
-- name: message_raise_version
UPDATE messages SET version = ? WHERE chat_id = ? AND number = ? AND version < ? AND deleted_at IS NULL;

-- name: message_versions
SELECT chat_id, number, version, deleted_at IS NULL FROM messages WHERE (chat_id, number) IN ({(?, ?)});

-- comparing MySQL with Elasticsearch

-- Living chats, and how many numbers each has.
-- name: compare_chats
SELECT c.id, c.last_message_number FROM chats c STRAIGHT_JOIN chat_applications a ON a.id = c.chat_application_id
WHERE c.id > ? AND c.id <= ? AND c.deleted_at IS NULL AND a.deleted_at IS NULL ORDER BY c.id LIMIT ?;

-- Chats that may still have messages in Elasticsearch: all that were not purged.
-- name: compare_unpurged
SELECT id FROM chats WHERE purged_at IS NULL AND id IN ({?}) ORDER BY id;

-- Of every thousand numbers: how many living messages, and what lib/document.h calls their checks, added up.
-- name: compare_windows
SELECT chat_id, number DIV 1000, COUNT(*), SUM(CRC32(CONCAT(number, '-', version))) FROM messages
WHERE chat_id IN ({?}) AND number >= ? AND number <= ? AND deleted_at IS NULL
GROUP BY chat_id, number DIV 1000 ORDER BY 1, 2;

-- name: compare_rows
SELECT number, version FROM messages
WHERE chat_id = ? AND number >= ? AND number <= ? AND deleted_at IS NULL ORDER BY number;

-- jobs/queue

-- What the past has left: messages under another number, losses that nobody has seen, how far Redis was.
-- name: tool_history
SELECT (SELECT COUNT(*) FROM renumbered_messages),
  (SELECT COUNT(*) FROM redis_losses WHERE seen_at IS NULL),
  (SELECT COALESCE(MAX(mark), 0) FROM redis_mark);

-- verify: applications and chats, what they say of their rows, and what these are. The columns of all four
-- lists: id, its application is deleted, it is deleted, is purged, stored, living, last

-- name: verify_applications
SELECT id, 0, deleted_at IS NOT NULL, purged_at IS NOT NULL, chats_stored, chats_count, last_chat_number
FROM chat_applications WHERE id > ? AND id <= ? ORDER BY id LIMIT ?;

-- name: verify_applications_some
SELECT id, 0, deleted_at IS NOT NULL, purged_at IS NOT NULL, chats_stored, chats_count, last_chat_number
FROM chat_applications WHERE id IN ({?}) ORDER BY id;

-- name: verify_chats
SELECT c.id, a.deleted_at IS NOT NULL, c.deleted_at IS NOT NULL, c.purged_at IS NOT NULL,
  c.messages_stored, c.messages_count, c.last_message_number
FROM chats c STRAIGHT_JOIN chat_applications a ON a.id = c.chat_application_id
WHERE c.id > ? AND c.id <= ? ORDER BY c.id LIMIT ?;

-- name: verify_chats_some
SELECT c.id, a.deleted_at IS NOT NULL, c.deleted_at IS NOT NULL, c.purged_at IS NOT NULL,
  c.messages_stored, c.messages_count, c.last_message_number
FROM chats c STRAIGHT_JOIN chat_applications a ON a.id = c.chat_application_id
WHERE c.id IN ({?}) ORDER BY c.id;

-- name: verify_chats_of
SELECT chat_application_id, COUNT(*), COUNT(*) - COUNT(deleted_at), MAX(number) FROM chats
WHERE chat_application_id IN ({?}) GROUP BY chat_application_id ORDER BY chat_application_id;

-- name: verify_messages_of
SELECT chat_id, COUNT(*), COUNT(*) - COUNT(deleted_at), MAX(number) FROM messages
WHERE chat_id IN ({?}) GROUP BY chat_id ORDER BY chat_id;

-- a part of a parent that has too many rows for one statement

-- name: verify_chats_window
SELECT COUNT(*), COUNT(*) - COUNT(deleted_at), COALESCE(MAX(number), 0) FROM chats
WHERE chat_application_id = ? AND number > ? AND number <= ?;

-- name: verify_messages_window
SELECT COUNT(*), COUNT(*) - COUNT(deleted_at), COALESCE(MAX(number), 0) FROM messages
WHERE chat_id = ? AND number > ? AND number <= ?;

-- name: verify_chat_numbers
SELECT number FROM chats WHERE chat_application_id = ? AND number > ? AND number <= ? ORDER BY number LIMIT ?;

-- name: verify_message_numbers
SELECT number FROM messages WHERE chat_id = ? AND number > ? AND number <= ? ORDER BY number LIMIT ?;

-- how much there is to look at
-- name: verify_total
SELECT COUNT(*), COALESCE(SUM(messages_stored), 0) FROM chats WHERE id > ? AND id <= ?;

-- name: verify_token
SELECT token, deleted_at IS NOT NULL FROM chat_applications WHERE id = ?;

-- name: verify_losses
SELECT id, known_seq, queue_seq IS NOT NULL, queue_seq, found_at FROM redis_losses WHERE seen_at IS NULL ORDER BY id;

-- name: verify_renumbered
SELECT chat_id, number, given_number FROM renumbered_messages WHERE chat_id > ? AND chat_id <= ?
ORDER BY chat_id, number;

-- repair

-- name: repair_losses
UPDATE redis_losses SET seen_at = ? WHERE seen_at IS NULL AND id <= ?;

-- name: repair_unpurge_application
UPDATE chat_applications SET purged_at = NULL WHERE id = ?;

-- name: repair_unpurge_chat
UPDATE chats SET purged_at = NULL WHERE id = ?;
