### La primera página del paciente: qué hay que hacer ahora.

todo-title = Qué hacer ahora
todo-none = Ahora no hay nada que hacer
todo-none-more = Cuando se acerque una cita o llegue un mensaje o un resultado, aparecerá aquí.
todo-visit-offered = La clínica le ofrece una hora: conteste
todo-visit-unseen = { $when }. Nadie de la clínica ve ahora esta cita: llame.
todo-offer-unseen = { $when }. Nadie de la clínica ve ahora esta oferta: llame.
todo-message = Mensaje nuevo de la clínica
todo-message-from = De { $name }, { $when }
todo-message-when = { $when }
todo-result = { $name }: { $value }
todo-results = { $n } resultados nuevos
todo-report = Informe nuevo: { $name }
todo-refill-question = La clínica pregunta por la renovación de { $medicine }
todo-request-answered = Respondida: { $what }
