## Dates, ages, numbers

month =
    { $n ->
        [1] January
        [2] February
        [3] March
        [4] April
        [5] May
        [6] June
        [7] July
        [8] August
        [9] September
        [10] October
        [11] November
       *[12] December
    }
    .short =
        { $n ->
            [1] Jan
            [2] Feb
            [3] Mar
            [4] Apr
            [5] May
            [6] Jun
            [7] Jul
            [8] Aug
            [9] Sep
            [10] Oct
            [11] Nov
           *[12] Dec
        }
weekday-monday = Monday
    .short = Mon
weekday-tuesday = Tuesday
    .short = Tue
weekday-wednesday = Wednesday
    .short = Wed
weekday-thursday = Thursday
    .short = Thu
weekday-friday = Friday
    .short = Fri
weekday-saturday = Saturday
    .short = Sat
weekday-sunday = Sunday
    .short = Sun
date-day = { $day } { $month } { $year }
    .short = { $day } { $month } { $year }
date-day-month = { $day } { $month }
date-month = { $month } { $year }
    .short = { $month } { $year }
date-and-time = { $date } { $time }
date-long-and-time = { $date }, { $time }
date-today = Today
    .within = today
date-tomorrow = Tomorrow
date-yesterday = Yesterday
    .within = yesterday
date-heading = { $weekday } { $day } { $month }
date-heading-year = { $weekday } { $day } { $month } { $year }
date-heading-today = Today, { $day }
date-unknown = date not recorded
age-years =
    { $n ->
        [one] 1 year
       *[other] { $n } years
    }
age-years-either = { $low } or { $high } years
unit-years = years
unit-months = months
unit-weeks = weeks
unit-days = days
unit-per-day = /day
unit-per-week = /week
unit-international = IU
age-months = { $n } months
age-weeks = { $n } weeks
age-days =
    { $n ->
        [one] 1 day
       *[other] { $n } days
    }
ago-now = just now
ago-minutes =
    { $n ->
        [one] 1 minute ago
       *[other] { $n } minutes ago
    }
ago-hours =
    { $n ->
        [one] 1 hour ago
       *[other] { $n } hours ago
    }
ago-days =
    { $n ->
        [one] 1 day ago
       *[other] { $n } days ago
    }
since = since { $date }
until = until { $date }
since-said = since: { $time }
until-said = until: { $time }
at-age = at the age of { $age }
from-to = { $from } to { $to }
range-between = { $low } to { $high }
range-from = { $low } or more
range-to = { $high } or less
range-pressure = { $upper } / { $lower }
range-pressure-plain = { $upper } for the upper number, { $lower } for the lower
range-marked = marked by { $by }
range-unknown = no range given
range-for = { $whom }: { $range }
range-age = age { $age }
range-given = Range given: { $range }
range-of-file = by the clinic’s file “{ $name }”
range-of-file-invented = by “{ $name }”, which is invented
