## The portal as an app

app-title = On your phone
app-lead = The portal can stand among your apps. It is the same portal, and you sign in as always.
app-install = Put it on the home screen
app-install-android = On Android: open the browser’s menu and choose “Install app” or “Add to home screen”.
app-install-apple = On an iPhone or iPad: tap the share button, then “Add to Home Screen”.
app-offline = Your summary without a network
app-offline-more = Keep your patient summary on this device, so that you can show it where there is no network. Only the summary is kept, with what is sealed, and only on this device. It goes away when you sign out, and the next time this portal is opened online after your session has ended.
app-offline-who = Whoever can unlock this device can read it then, also without your password. Keep it off on a device that others use.
app-offline-own = A device keeps only one’s own summary, not that of somebody for whom you act.
app-needs-script = This needs JavaScript, which is switched off in this browser.
app-kept = It is kept on this device.
app-not-kept = It is not kept on this device.
app-keep = Keep my summary on this device
app-forget = Take it away from this device
offline-title = No network
offline-lead = The clinic cannot be reached from here just now.
offline-leaving-title = Not signed out
offline-leaving-lead = The clinic cannot be reached from here just now. What this device kept is gone, but your session at the clinic is still open. It ends by itself when it is not used.
offline-leaving-then = When the network is back, sign out once more.
offline-again = Try again
offline-summary = My summary, if it is kept here
offline-emergency = In an emergency call the emergency number.
