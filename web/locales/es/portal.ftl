## Inicio del paciente

home-hello = Hola, { $name }
home-hello-nobody = Hola
home-lead-other = Este es el historial de esta persona, como lo guarda la clínica.
home-lead-appointments = Usted se ocupa de sus citas y escribe a la recepción por esta persona. El resto del historial no está abierto para usted.
home-lead = Este es su historial, como lo guarda la clínica. Usted ve quién lo mira.
home-coming = Próximas citas
home-coming-none-more = En recepción pueden darle una.
home-record = Su historial
home-record-other = El historial
home-open-to-you = Abierto para usted
coming-line = { $time }, { $title }
coming-offered = Se ofrece y aún no está reservada. Se guarda hasta el { $until }.
coming-offered-several = Se ofrece a varias personas juntas. Se guarda hasta el { $until }; llámenos para tomarla o rechazarla.
coming-offered-only = Se ofrece y aún no está reservada.
coming-answer = Tomarla o rechazarla
coming-visit = Cita
coming-with = { $kind } con { $with }
looked-nobody = Nadie ha abierto su historial últimamente
looked-nobody-other = Nadie más ha abierto este historial últimamente
looked-today =
    { $n ->
        [one] 1 persona abrió hoy su historial
       *[other] { $n } personas abrieron hoy su historial
    }
looked-month =
    { $n ->
        [one] 1 persona abrió su historial en los últimos 30 días
       *[other] { $n } personas abrieron su historial en los últimos 30 días
    }
looked-today-other =
    { $n ->
        [one] 1 persona abrió hoy este historial
       *[other] { $n } personas abrieron hoy este historial
    }
looked-month-other =
    { $n ->
        [one] 1 persona abrió este historial en los últimos 30 días
       *[other] { $n } personas abrieron este historial en los últimos 30 días
    }
looked-last = Última vez: { $who }, { $role }, { $when }.
looked-always = Quien lo abre queda apuntado antes de verlo, siempre.
sum-allergies-unknown = todavía no se lo hemos preguntado
sum-allergies-unknown-other = ninguna que usted vea
sum-allergies-none = ninguna conocida
sum-allergies-none-other = ninguna conocida, en lo que usted ve
sum-medicines =
    { $n ->
        [0] ninguna por ahora
       *[other] { $n } para tomar
    }
sum-medicines-other =
    { $n ->
        [0] ninguna que usted vea
       *[other] { $n } para tomar
    }
sum-problems =
    { $n ->
        [0] ninguno ahora
       *[other] { $n } ahora
    }
sum-problems-other =
    { $n ->
        [0] ninguno que usted vea
       *[other] { $n } ahora
    }
sum-visits = reservar, cambiar o cancelar
sum-visits-see = lo que viene y lo que hubo
sum-visits-appointments = lo que viene; reservar, cambiar o cancelar
sum-messages = escríbanos, lea nuestras respuestas
sum-documents = cartas, y archivos suyos
sum-documents-other = cartas, y archivos añadidos
sum-results = lo último de cada análisis
sum-immunizations = qué se puso y cuándo
sum-summary = el historial en breve, para imprimir
sum-app = como aplicación, también sin red
sum-share = su resumen para otro médico
sum-requests = una copia, una corrección, una pregunta
my-results = Sus resultados
my-results-lead = Lo más reciente de cada prueba y medición. Abra una para ver qué significa y cómo ha cambiado.
my-results-none = Aparecen aquí en cuanto llegan.
results-unread = Nadie de la clínica ve lo que aquí está reservado, o se les niega. Nadie lee ni firma un resultado así si no se les deja verlo.
my-group-results = Pruebas
my-group-measurements = Mediciones
my-group-answers = Preguntas y respuestas
my-group-reports = Informes
my-report-results = Valores de este informe
my-report-said = Lo que la clínica dice de ello
my-report-none = Este informe no dice nada más.
my-medicines = Sus medicinas
my-medicines-lead = No deje ni cambie ninguna por su cuenta. Si algo de aquí no es lo que toma, díganoslo.
my-medicines-lead-other = No hay que dejar ni cambiar ninguna sin el médico. Si algo de aquí no es lo que toma esta persona, díganoslo.
my-medicines-print = Imprimir esta lista
my-medicines-not = No se deben tomar
my-medicines-not-lead = El historial dice que estas medicinas no se deben dar. Enséñelo a quien quiera darle una de ellas.
my-medicines-now = Para tomar ahora
my-medicines-over = Su tiempo terminó
my-medicines-over-lead = El tiempo previsto para estas medicinas terminó, y nadie las ha dado por terminadas. Pregúntenos si hay que seguir con ellas.
my-medicines-later = Para tomar más adelante
my-medicines-paused = En pausa por ahora
my-medicines-past = Antes
my-medicines-none = No hay ninguna medicina registrada
my-medicines-none-other = Aquí no se muestra ninguna medicina
my-medicines-none-more = Si toma algo, díganoslo en su próxima visita.
my-medicines-none-more-other = Si esta persona toma algo, díganoslo en la próxima visita.
my-medicine-for = Para:
my-how-written = Así lo escribió la clínica:
my-how-told = Así se contó:
my-how-beside = También consta:
my-how-unknown = No está registrado cómo tomarla. Pregunte a su médico o en la farmacia.
my-allergies = Sus alergias
my-allergies-lead = Es lo primero que ve quien le atiende.
my-allergies-lead-other = Es lo primero que ve quien atiende a esta persona.
my-allergies-wrong = Si falta alguna o está mal, díganoslo.
my-allergies-none = Nos ha dicho que no tiene ninguna
my-allergies-none-other = Nos han dicho que no hay ninguna
my-allergies-unknown = Todavía no le hemos preguntado por sus alergias
my-allergies-unknown-other = Aquí no se muestra ninguna alergia
my-allergies-unknown-more = Si conoce alguna, díganoslo en recepción o en su próxima visita.
my-allergies-unknown-more-other = Si conoce alguna, díganoslo en recepción o en la próxima visita.
my-asked = Preguntado el { $date }.
my-recorded = registrada el { $date }
my-problems = Sus problemas de salud
my-problems-lead = Con las palabras que usa el personal. Pregúntenos si alguna no está clara.
my-problems-now = Ahora
my-problems-past = Antes
my-problems-none = No hay ningún problema de salud registrado
my-problems-none-other = Aquí no se muestra ningún problema de salud
my-visits-past = Visitas hasta ahora
my-immunizations = Vacunas
my-immunizations-lead = Las que ha recibido, hasta donde sabe esta clínica.
my-immunizations-lead-other = Las que ha recibido esta persona, hasta donde sabe esta clínica.
my-immunizations-none = No hay ninguna vacuna registrada
my-immunizations-none-other = Aquí no se muestra ninguna vacuna
sealed-not-shown = Lo reservado no se le muestra a usted, así que esto puede no ser todo.
parts-unseen = Nadie de la clínica ve lo que aquí está reservado, o se les niega, salvo en una emergencia. Dígaselo usted a quien le atienda.
my-documents-none-more = Aquí aparecen cartas e informes sobre usted.
my-documents-none-more-other = Aquí aparecen cartas e informes sobre esta persona.
result-yours = Su resultado
result-theirs = El resultado
result-of = Resultado del { $date }
result-of-named = { $name }, resultado del { $date }
result-of-range = de { $range }
result-range-given = el rango indicado es { $range }
result-usual = Dentro de lo habitual, que es { $range }
result-plain = En palabras claras
result-plain-ask = Un valor suelto dice poco. Su médico sabe qué significa para usted.
result-plain-ask-other = Un valor suelto dice poco. El médico de esta persona sabe qué significa para ella.
result-course = Cómo ha cambiado
result-all = Todos sus resultados
result-about = Sobre este resultado
result-by = Medido por
result-range = Lo habitual
result-preliminary = Ningún médico lo ha firmado todavía.
result-not-compared = No se compara con nada: aquí no se conoce lo habitual.
result-not-compared-ranges = No se compara con nada: aquí no es seguro qué valores son los habituales.
result-undated = Resultado, fecha no registrada
result-taken = Tomado
my-col-compared = Comparado con lo habitual
my-within = dentro
key-outside = fuera de lo habitual
key-inside = dentro de lo habitual
key-no-range = No se dieron valores habituales para esto.
