## Fechas, edades, números

month =
    { $n ->
        [1] enero
        [2] febrero
        [3] marzo
        [4] abril
        [5] mayo
        [6] junio
        [7] julio
        [8] agosto
        [9] septiembre
        [10] octubre
        [11] noviembre
       *[12] diciembre
    }
    .short =
        { $n ->
            [1] ene
            [2] feb
            [3] mar
            [4] abr
            [5] may
            [6] jun
            [7] jul
            [8] ago
            [9] sept
            [10] oct
            [11] nov
           *[12] dic
        }
weekday-monday = lunes
    .short = lun.
weekday-tuesday = martes
    .short = mar.
weekday-wednesday = miércoles
    .short = mié.
weekday-thursday = jueves
    .short = jue.
weekday-friday = viernes
    .short = vie.
weekday-saturday = sábado
    .short = sáb.
weekday-sunday = domingo
    .short = dom.
date-day = { $day } de { $month } de { $year }
    .short = { $day } { $month } { $year }
date-day-month = { $day } { $month }
date-month = { $month } de { $year }
    .short = { $month } { $year }
date-and-time = { $date } { $time }
date-long-and-time = { $date }, { $time }
date-today = Hoy
    .within = hoy
date-tomorrow = Mañana
date-yesterday = Ayer
    .within = ayer
date-heading = { $weekday }, { $day } de { $month }
date-heading-year = { $weekday }, { $day } de { $month } de { $year }
date-heading-today = Hoy, { $day }
date-unknown = fecha no registrada
age-years =
    { $n ->
        [one] 1 año
       *[other] { $n } años
    }
age-years-either = { $low } o { $high } años
unit-years = años
unit-months = meses
unit-weeks = semanas
unit-days = días
unit-per-day = /día
unit-per-week = /semana
unit-international = UI
age-months = { $n } meses
age-weeks = { $n } semanas
age-days =
    { $n ->
        [one] 1 día
       *[other] { $n } días
    }
ago-now = ahora mismo
ago-minutes =
    { $n ->
        [one] hace 1 minuto
       *[other] hace { $n } minutos
    }
ago-hours =
    { $n ->
        [one] hace 1 hora
       *[other] hace { $n } horas
    }
ago-days =
    { $n ->
        [one] hace 1 día
       *[other] hace { $n } días
    }
since = desde { $date }
until = hasta el { $date }
since-said = desde: { $time }
until-said = hasta: { $time }
at-age = a la edad de { $age }
from-to = { $from } a { $to }
range-between = { $low } a { $high }
range-from = { $low } o más
range-to = { $high } o menos
range-pressure = { $upper } / { $lower }
range-pressure-plain = { $upper } la máxima, { $lower } la mínima
range-marked = marcado por { $by }
range-unknown = sin valores de referencia
range-for = { $whom }: { $range }
range-age = edad { $age }
range-given = Valores de referencia: { $range }
range-of-file = según el archivo de la clínica «{ $name }»
range-of-file-invented = según «{ $name }», que es inventado
