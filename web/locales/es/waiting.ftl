## La lista de espera, para pacientes

wait-nothing-fits = ¿Nada le viene bien?
wait-link = Esperar otra hora
wait-title = { $kind }: esperar una hora
wait-lead =
    { $n ->
        [one] En cuanto quede libre una hora en estos días, se la ofrecemos aquí. Se la guardamos 1 hora; después pasa a la siguiente persona.
       *[other] En cuanto quede libre una hora en estos días, se la ofrecemos aquí. Se la guardamos { $n } horas; después pasa a la siguiente persona.
    }
wait-join = Apuntarme a la lista
wait-back = Ver los huecos libres
wait-done = Está en la lista de espera.
wait-declined-done = Sigue esperando otra hora.
wait-offer-ended = Esta oferta ha terminado: no se respondió a tiempo. Sigue en la lista.
visit-waits = Está en la lista de espera
visit-waits-more = Le ofreceremos una hora aquí en cuanto quede libre.
visit-held = Se la guardamos hasta el { $when }.
visit-decline-wait = Esta hora no, seguir esperando
visit-leave-list = Salir de la lista de espera

## El formulario antes de una cita

visit-form-lead = Su médico o enfermería lo leerá antes de que venga. Puede dejar en blanco lo que quiera.
visit-form-lead-unseen = Nadie de la clínica ve ahora esta cita, ni lo que se responda aquí. Puede dejar en blanco lo que quiera.
visit-form-lead-shut = { $name } no ve ahora lo que se responda aquí: así lo dice un consentimiento. Otro médico o enfermería de la clínica sí puede. Puede dejar en blanco lo que quiera.
visit-form-yes = Sí
visit-form-no = No
visit-form-send = Enviar
visit-form-later = Más tarde
visit-form-kept = Lo que escriba se guarda aquí hasta que lo envíe.
visit-form-sent-before = Ya se envió un formulario para esta cita, desde otra ventana o por quien actúa por usted. Este no se ha enviado: su clínica tiene el primero. Lo que escribió está abajo; si su clínica debe saberlo, escriba un mensaje.
visit-form-sent-before-other = Ya se envió un formulario para esta cita, desde otra ventana, por el paciente o por otra persona que actúa por él. Este no se ha enviado: la clínica tiene el primero. Lo que escribió está abajo; si la clínica debe saberlo, escriba un mensaje.
visit-form-moved = Esta cita ha cambiado entretanto, así que el formulario no se ha enviado. Mire el día y la hora y envíelo otra vez.
visit-form-to-visit = A la cita
visit-form-sent-title = Lo que envió antes de su cita
visit-form-sent-for = Para la cita del { $when }
visit-form-sent-on = Enviado el { $when }
visit-form-read = Leer lo que envió
visit-form-empty = Todavía no ha rellenado nada.
visit-form-long = Una respuesta tiene más de { $most } caracteres. Hágala más corta.
visit-form-done = Su formulario se ha enviado.
visit-form-to-fill = Rellenar el formulario
visit-form-sent = Formulario enviado
todo-form = Rellene un formulario antes de su cita
todo-form-for = { $visit }, { $when }
