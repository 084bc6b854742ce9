// Somebody is about to log in: until it is known who, the data of nobody is shown.
localStorage.removeItem("nudge.account");
