// Says that a file is too large before it is sent: <form data-upload="10485760" data-too-large="…">. The box looks at it all the same.

export function watchUpload(form) {
  const field = form.querySelector("input[type=file]");
  const most = Number(form.dataset.upload);
  if (!field) return;
  const look = () => {
    const large = [...field.files].some((file) => file.size > most);
    field.setCustomValidity(large ? form.dataset.tooLarge : "");
    if (large) field.reportValidity();
  };
  field.addEventListener("change", look);
  // One that was chosen before this came.
  look();
}
