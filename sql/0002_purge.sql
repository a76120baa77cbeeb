-- When jobs/purge was done with a tombstone, and an index in which those that it has still to do lie
-- together (purged_at NULL, deleted_at not). Nobody looks for deleted_at alone.
-- MySQL 8 has no ADD COLUMN IF NOT EXISTS, so that a second run is told by the schema.

SET @purge_applications = IF((SELECT COUNT(*) FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'chat_applications' AND column_name = 'purged_at') = 0,
  'ALTER TABLE chat_applications ADD COLUMN purged_at DATETIME(6) NULL,
   ADD KEY index_chat_applications_on_purged_at_and_deleted_at (purged_at, deleted_at),
   DROP KEY index_chat_applications_on_deleted_at', 'DO 0');
PREPARE purge_applications FROM @purge_applications;
EXECUTE purge_applications;
DEALLOCATE PREPARE purge_applications;

SET @purge_chats = IF((SELECT COUNT(*) FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'chats' AND column_name = 'purged_at') = 0,
  'ALTER TABLE chats ADD COLUMN purged_at DATETIME(6) NULL,
   ADD KEY index_chats_on_purged_at_and_deleted_at (purged_at, deleted_at),
   DROP KEY index_chats_on_deleted_at', 'DO 0');
PREPARE purge_chats FROM @purge_chats;
EXECUTE purge_chats;
DEALLOCATE PREPARE purge_chats;
