//! Days and months of UTC, by which budgets roll. Only what the ledger needs, since it is 20 lines and a crate is not.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

const DAY: i64 = 24 * 60 * 60 * 1_000;
/// The last moment of the year 9999: no clock is later, and every calculation below fits.
const LAST: i64 = 253_402_300_799_999;

/// A time in milliseconds since 1970, UTC. What is before counts as 1970, what is after the year 9999 as its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment(i64);

/// The day of UTC in which `time` is, as "2026-11-25".
#[must_use]
pub fn day(time: SystemTime) -> String {
    Moment::of(time).day_name()
}

impl Moment {
    pub(super) fn of(time: SystemTime) -> Self {
        let passed = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        Self::from_millis(i64::try_from(passed.as_millis()).unwrap_or(LAST))
    }

    pub(super) fn from_millis(millis: i64) -> Self {
        Self(millis.clamp(0, LAST))
    }

    pub(super) const fn millis(self) -> i64 {
        self.0
    }

    /// How long `earlier` is ago; nothing if it is later.
    pub(super) fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0 - earlier.0).unwrap_or_default())
    }

    pub(super) fn before(self, time: Duration) -> Self {
        Self::from_millis(self.0.saturating_sub(i64::try_from(time.as_millis()).unwrap_or(i64::MAX)))
    }

    pub(super) const fn day(self) -> Self {
        Self(self.0 - self.0 % DAY)
    }

    pub(super) const fn next_day(self) -> Self {
        Self(self.day().0 + DAY)
    }

    pub(super) const fn month(self) -> Self {
        let (_, _, day) = self.date();
        Self(self.day().0 - (day - 1) * DAY)
    }

    pub(super) const fn next_month(self) -> Self {
        // 31 days after its first day, every month is over.
        Self(self.month().0 + 31 * DAY).month()
    }

    /// "2026-11-25".
    pub(super) fn day_name(self) -> String {
        let (year, month, day) = self.date();
        format!("{year:04}-{month:02}-{day:02}")
    }

    /// Year, month and day: Howard Hinnant's `civil_from_days`, for days since 1970 only.
    const fn date(self) -> (i64, i64, i64) {
        // Years begin in March here, so that the leap day is the last one.
        let days = self.0 / DAY + 719_468;
        let era = days / 146_097;
        let of_era = days % 146_097;
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted = (5 * of_year + 2) / 153;
        let day = of_year - (153 * shifted + 2) / 5 + 1;
        let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
        let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
        (year, month, day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_months_begin_and_end_where_they_do() {
        for (seconds, day, month, next_month) in [
            (0, "1970-01-01", "1970-01-01", "1970-02-01"),
            (951_782_399, "2000-02-28", "2000-02-01", "2000-03-01"),
            (951_782_400, "2000-02-29", "2000-02-01", "2000-03-01"),
            (951_868_800, "2000-03-01", "2000-03-01", "2000-04-01"),
            (1_772_323_199, "2026-02-28", "2026-02-01", "2026-03-01"),
            (1_772_323_200, "2026-03-01", "2026-03-01", "2026-04-01"),
            (1_798_761_599, "2026-12-31", "2026-12-01", "2027-01-01"),
            (1_798_761_600, "2027-01-01", "2027-01-01", "2027-02-01"),
            (4_107_542_400, "2100-03-01", "2100-03-01", "2100-04-01"),
            (u64::MAX / 4, "9999-12-31", "9999-12-01", "10000-01-01"),
        ] {
            let moment =
                UNIX_EPOCH.checked_add(Duration::from_secs(seconds)).map_or(Moment(LAST), Moment::of);
            let names = [moment, moment.month(), moment.next_month()].map(Moment::day_name);
            assert_eq!(names, [day, month, next_month], "{seconds}");
        }
    }

    #[test]
    fn every_day_follows_the_one_before() {
        let (mut moment, mut count) = (Moment(0), 0);
        while moment.next_day() < Moment(LAST) {
            let next = moment.next_day();
            let (year, month, day) = next.date();
            assert!(day == moment.date().2 + 1 || day == 1, "{}", next.day_name());
            assert_eq!(day == 1, next.month() == next, "{}", next.day_name());
            assert_eq!(day == 1, moment.next_month() == next, "{}", next.day_name());
            count += i64::from(month == 1 && day == 1);
            assert_eq!(year, 1970 + count);
            moment = next;
        }
    }

    #[test]
    fn a_time_before_1970_is_1970() {
        assert_eq!(Moment::of(UNIX_EPOCH - Duration::from_secs(1)), Moment(0));
        assert_eq!(Moment(5).since(Moment(7)), Duration::ZERO);
        assert_eq!(Moment(5).before(Duration::MAX), Moment(0));
    }
}
