## Citas, personas

appointment-checkup = Revisión
appointment-emergency = Urgente
appointment-followup = Seguimiento
appointment-walkin = Sin cita previa
appointment-not-confirmed = Sin confirmar
appointment-expected = Prevista
appointment-arrived = Ha llegado
appointment-done = Hecha
appointment-cancelled = Cancelada
appointment-did-not-come = No vino
patient-no-name = Sin nombre registrado
sex-female = Femenino
sex-male = Masculino
sex-other = Otro
sex-unknown = No se sabe
born-unknown = desconocida
    .alone = fecha de nacimiento desconocida
born-and-age = { $date } ({ $age })
died-unknown = fecha desconocida
reach-phone = Teléfono
reach-mobile = Móvil
reach-work = Teléfono del trabajo
reach-email = Correo electrónico
reach-other = Otro
reach-address = Dirección
reach-contact = Persona de contacto
