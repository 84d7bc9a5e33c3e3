-- Whoever is on the list is on it by every number that is their line: with and without Brazil's
-- ninth digit, and the 9 of an Argentine mobile. What waits for them goes when its turn comes.

INSERT INTO suppression (number, at, actor, why)
    SELECT substr(number, 1, 5) || '9' || substr(number, 6), at, actor, why FROM suppression
    WHERE number GLOB '+55[1-9][1-9][6-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]'
    ON CONFLICT (number) DO NOTHING;
INSERT INTO suppression (number, at, actor, why)
    SELECT substr(number, 1, 5) || substr(number, 7), at, actor, why FROM suppression
    WHERE number GLOB '+55[1-9][1-9]9[6-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]'
    ON CONFLICT (number) DO NOTHING;
INSERT INTO suppression (number, at, actor, why)
    SELECT '+549' || substr(number, 4), at, actor, why FROM suppression
    WHERE number GLOB '+54[1-3][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]'
    ON CONFLICT (number) DO NOTHING;
INSERT INTO suppression (number, at, actor, why)
    SELECT '+54' || substr(number, 5), at, actor, why FROM suppression
    WHERE number GLOB '+549[1-3][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]'
    ON CONFLICT (number) DO NOTHING;
