### Avisos por correo electrónico. Una carta lleva una frase según su clase y nada del historial.

mail-subject = { $clinic }: { $what }
mail-sign-in = Inicie sesión para verlo: { $address }
mail-sign-in-somewhere = Inicie sesión en el portal de su clínica para verlo.
mail-foot = Este correo no contiene nada de su historial, ni lo contendrá ninguno. Nadie lee las respuestas. En la página de su cuenta usted elige qué correos recibe.

mail-wishes = Avisos por correo electrónico
mail-wishes-lead = Un correo dice que algo le espera, y nunca qué es. Eso lo ve después de iniciar sesión.
mail-wishes-off = Su clínica no envía correos por ahora. Lo que elija aquí valdrá en cuanto lo haga.
mail-wishes-to = Los avisos van a { $address }. Para cambiar la dirección, dígalo en recepción.
mail-wishes-which = Escríbanme cuando
mail-wishes-save = Guardar
mail-wishes-saved = Guardado.
mail-wishes-no-address = La clínica no tiene su dirección de correo. Dela en recepción y después podrá elegir aquí.
mail-wishes-link = Elegir qué avisos recibe por correo
mail-group-reminders = se acerque una cita
mail-group-visits = se reserve, cambie u ofrezca una cita
mail-group-messages = la clínica me escriba
mail-group-results = haya un resultado o documento nuevo
mail-group-requests = contesten a una solicitud mía o se corrija mi historial
mail-group-security = mi historial se abra en una emergencia o alguien abra lo que compartí
