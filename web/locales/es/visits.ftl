## Reservar una cita

book-title = Reservar una cita
book-button = Reservar una cita
book-not-urgent = No es para urgencias: si alguien está en peligro, llame enseguida al número de emergencias.
book-none = Todavía no se puede reservar ninguna cita aquí
book-call = Llámenos: { $phone }
book-call-button = Llamar
book-late-call = Si después no puede venir, llámenos: { $phone }
book-unseen = No se ha reservado nada, y ahora no se puede reservar aquí
book-unseen-more = Nadie de la clínica lo sabría, así que nadie le esperaría.
book-how-instant = Elija una hora.
book-how-request = Díganos cuándo puede; le ofreceremos una hora.
book-how-view-only = La reservamos con usted.
book-anyone = Cualquiera
book-whom = Con quién
book-times-title = { $kind }: elija una hora
book-day-times =
    { $n ->
        [one] un hueco libre
       *[other] { $n } huecos libres
    }
book-full = No hay nada libre en estos días
book-full-more = Mire días posteriores o elija a otra persona.
book-earlier = Días anteriores
book-later = Días posteriores
book-check = ¿Es correcto?
book-with = { $kind } con { $with }
book-late =
    { $n ->
        [one] Falta 1 hora o menos para esta cita: una vez reservada, no podrá cambiarse ni cancelarse aquí.
       *[other] Faltan { $n } horas o menos para esta cita: una vez reservada, no podrá cambiarse ni cancelarse aquí.
    }
book-now = Reservar
book-move = Cambiar a esta hora
book-instead = La cita está fijada para: { $when }.
book-leave = Dejarla así
book-other-time = Otra hora
book-other-kind = Otro tipo de cita
book-reason = ¿De qué se trata?
book-reason-hint = Lo ven su médico o enfermería; recepción no.
book-request-title = { $kind }: pedir una hora
book-request-lead =
    { $n ->
        [one] Dura 1 minuto. Díganos cuándo puede venir; recepción le responde con una hora.
       *[other] Dura { $n } minutos. Díganos cuándo puede venir; recepción le responde con una hora.
    }
book-from = Desde
book-until = Hasta
book-half = Momento del día
half-any = A cualquier hora
half-morning = Por la mañana
half-afternoon = Por la tarde
book-ask = Pedir una hora
book-from-wrong = Elija un día entre hoy y el { $last }.
book-until-wrong = Elija un día que no sea anterior al primero.
book-until-late = Queda demasiado lejos del primer día: como muy tarde, { $last }.
book-taken = Otra persona acaba de tomar esta hora. No se ha reservado nada. Estas están libres:
book-twice = Tiene otra cita a esa hora. No se ha reservado nada. Estas están libres:
book-past = Esa hora ya pasó. No se ha reservado nada. Estas están libres:
move-taken = Otra persona acaba de tomar esta hora. Su cita sigue como estaba. Estas horas están libres:
move-twice = Tiene otra cita a esa hora. Su cita sigue como estaba. Estas horas están libres:
move-past = Esa hora ya pasó. Su cita sigue como estaba. Estas horas están libres:
book-done = Está reservada.
book-moved = Está cambiada. Esta es ahora su hora.
book-already = Ya reservó esta cita. No se ha reservado otra vez.
book-asked-done = Recepción tiene su petición y responderá con una hora.
book-cancelled-done = Está cancelada.
book-offer-ended = Esta oferta ha terminado: no se respondió a tiempo. Recepción busca otra hora.
minutes-long =
    { $n ->
        [one] 1 minuto
       *[other] { $n } minutos
    }
visit-asked = Ha pedido una hora. Recepción responderá.
visit-unseen = Nadie de la clínica ve ahora esta cita, así que nadie le espera allí: llame.
    .number = Nadie de la clínica ve ahora esta cita, así que nadie le espera allí. Llame a la clínica: { $phone }
visit-unseen-wish = Nadie de la clínica ve esto ahora, así que nadie responde ni ofrece una hora: llame.
    .number = Nadie de la clínica ve esto ahora, así que nadie responde ni ofrece una hora. Llame a la clínica: { $phone }
visit-unseen-offer = Nadie de la clínica ve ahora esta oferta, así que no puede tomarse aquí. Se guarda hasta el { $when }: llame antes.
    .number = Nadie de la clínica ve ahora esta oferta, así que no puede tomarse aquí. Se guarda hasta el { $when }. Llame antes a la clínica: { $phone }
visit-shut-to = { $name } no ve ahora esta cita, ni lo que se escriba para ella, salvo en una emergencia: así lo dice un consentimiento. Otras personas de la clínica sí.
visit-offer-over = Esta oferta ha terminado
visit-offer-over-more = No se respondió a tiempo, y esta hora ya no se le guarda.
visit-not-offered = La clínica no ha podido ofrecer una hora
visit-not-offered-more = Pídala otra vez con otros días, o elija otro tipo de cita.
visit-ask-again = Pedir otra vez
visit-book-again = Reservar otra hora
book-declined-done = Recepción sabe que esta hora no le conviene, y busca otra.
visit-no-need = Ya no la necesito
visit-offered = La clínica le ofrece esta hora
visit-was-offered = Se propuso una hora
visit-in-error = Se anotó por error: no hay tal cita
visit-booked = Reservada
visit-wanted = Días posibles: { $days }
visit-wanted-days = del { $from } al { $to }
visit-accept = Sí, tomo esta hora
visit-decline = No, esta hora no
visit-calendar = Guardar en mi calendario
visit-move = Elegir otra hora
visit-cancel-sure = Entonces la hora queda libre para otras personas.
visit-cancel-sure-open = Entonces la clínica ya no le busca una hora.
visit-cancel-yes = Sí, estoy seguro
visit-cancel = Cancelar esta cita
visit-until = Puede cambiarla aquí hasta el { $when }.
visit-offered-to-several = Esta hora se ofrece a varias personas juntas, así que no puede tomarse ni rechazarse aquí.
visit-for-several = Esta cita es para varias personas, así que no puede cambiarse ni cancelarse aquí.
visit-too-late = Ya es tarde para cambiarla aquí.
visit-all = Todas mis citas
visit-open-it = Cambiar o cancelar
visit-details = Detalles
visit-see-it = Ver
visits-none-coming = No hay ninguna cita próxima
visits-past-shut = Las visitas pasadas, y el motivo de una cita, no están abiertos para usted.
order-not = No debe hacerse: { $name }
order-proposed = Propuesto, no pedido: { $name }
visit-planned = Prevista
visit-planned-once = Prevista; no consta si tuvo lugar
visit-unknown = No consta si tuvo lugar
visits-planned = Visitas previstas
visits-ordered = Pedido para usted
visits-ordered-other = Pedido
visit-ordered = Pedido:
visits-asked = Ha pedido una hora
visits-missed =
    { $n ->
        [one] Una cita a la que no se acudió
       *[other] { $n } citas a las que no se acudió
    }
visits-cancelled =
    { $n ->
        [one] Una cita cancelada
       *[other] { $n } citas canceladas
    }
ics-summary = Cita en { $clinic }
