-- What became of numbers when Redis lost what it had acknowledged (doc/queues.md).

-- A message that is stored under another number than the one it was accepted with.
CREATE TABLE IF NOT EXISTS renumbered_messages (
  chat_id BIGINT UNSIGNED NOT NULL,
  number INT UNSIGNED NOT NULL,
  given_number INT UNSIGNED NOT NULL,
  created_at DATETIME(6) NOT NULL,
  PRIMARY KEY (chat_id, number)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_520_ci;

-- Each time that Redis was found to have gone back: what MySQL (or a process) had seen of queue_seq, and
-- what Redis still had, NULL: nothing. seen_at: when somebody has taken note of it.
CREATE TABLE IF NOT EXISTS redis_losses (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  known_seq BIGINT UNSIGNED NOT NULL,
  queue_seq BIGINT UNSIGNED NULL,
  found_at DATETIME(6) NOT NULL,
  recovered_at DATETIME(6) NULL,
  seen_at DATETIME(6) NULL,
  PRIMARY KEY (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_520_ci;
