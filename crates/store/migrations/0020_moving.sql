-- A store that is moved: a row in the one that is left, and one of the same id in the one that is filled. side: 'from', 'to'.
-- state: 'copying'; 'closed', where nobody may serve what is left any more; 'moved'. other: where the other one is, for people.
CREATE TABLE moving (
    id BYTEA NOT NULL PRIMARY KEY,
    side TEXT NOT NULL,
    state TEXT NOT NULL,
    other TEXT NOT NULL,
    began_date_time BIGINT NOT NULL
);
