-- The tables. See doc/tour.md and doc/queues.md for what each column promises.
-- Runs on MariaDB 10.11 and MySQL 8, and can be run again without harm.

CREATE TABLE IF NOT EXISTS chat_applications (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  name VARCHAR(255) NOT NULL,
  token CHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  -- the living chats; all numbers that ended as a row; the highest of them
  chats_count INT UNSIGNED NOT NULL DEFAULT 0,
  chats_stored INT UNSIGNED NOT NULL DEFAULT 0,
  last_chat_number INT UNSIGNED NOT NULL DEFAULT 0,
  created_at DATETIME(6) NOT NULL,
  updated_at DATETIME(6) NOT NULL,
  deleted_at DATETIME(6) NULL,
  PRIMARY KEY (id),
  UNIQUE KEY index_chat_applications_on_token (token),
  KEY index_chat_applications_on_deleted_at (deleted_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_520_ci;

-- id = chat_application_id * 2^32 + number, below 2^53: computed by whoever writes, never looked up
CREATE TABLE IF NOT EXISTS chats (
  id BIGINT UNSIGNED NOT NULL,
  chat_application_id BIGINT UNSIGNED NOT NULL,
  number INT UNSIGNED NOT NULL,
  messages_count INT UNSIGNED NOT NULL DEFAULT 0,
  messages_stored INT UNSIGNED NOT NULL DEFAULT 0,
  last_message_number INT UNSIGNED NOT NULL DEFAULT 0,
  created_at DATETIME(6) NOT NULL,
  updated_at DATETIME(6) NOT NULL,
  deleted_at DATETIME(6) NULL,
  PRIMARY KEY (id),
  UNIQUE KEY index_chats_on_chat_application_id_and_number (chat_application_id, number),
  KEY index_chats_on_deleted_at (deleted_at),
  CONSTRAINT fk_chats_chat_application FOREIGN KEY (chat_application_id)
    REFERENCES chat_applications (id),
  CONSTRAINT chats_id_below_2_53 CHECK (chat_application_id < 2097152)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_520_ci;

-- Clustered by (chat_id, number): a chat's messages lie together, in order.
-- living: deleted_at NULL; tombstone: deleted_at set, body empty, job_key kept;
-- void (the number was given, its job went to `dead`): deleted_at set and version 0.
CREATE TABLE IF NOT EXISTS messages (
  chat_id BIGINT UNSIGNED NOT NULL,
  number INT UNSIGNED NOT NULL,
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  version INT UNSIGNED NOT NULL DEFAULT 1,
  -- tells a job that comes again from another job with the same number; NULL: another writer's row
  job_key BINARY(16) NULL,
  created_at DATETIME(6) NOT NULL,
  updated_at DATETIME(6) NOT NULL,
  deleted_at DATETIME(6) NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (chat_id, number),
  UNIQUE KEY index_messages_on_id (id),
  UNIQUE KEY index_messages_on_job_key (job_key),
  CONSTRAINT fk_messages_chat FOREIGN KEY (chat_id) REFERENCES chats (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_520_ci;

-- The outbox: what Elasticsearch has still to be told.
CREATE TABLE IF NOT EXISTS message_changes (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  chat_id BIGINT UNSIGNED NOT NULL,
  number INT UNSIGNED NOT NULL,
  version INT UNSIGNED NOT NULL,
  created_at DATETIME(6) NOT NULL,
  PRIMARY KEY (id),
  KEY index_message_changes_on_chat_id_and_number (chat_id, number)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_520_ci;

-- How far Redis had come (queue_seq) when MySQL last stored something of it: a row per slot.
CREATE TABLE IF NOT EXISTS redis_mark (
  slot VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  mark BIGINT UNSIGNED NOT NULL,
  PRIMARY KEY (slot)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_520_ci;
