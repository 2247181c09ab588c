/**
 * The chat's page: one text without anything to fetch, so that the demo needs no network. It
 * speaks over a WebSocket and connects again when that ends.
 */
export const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>tidegate demo</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 40rem; margin: 2rem auto; padding: 0 1rem }
  ul { list-style: none; padding: 0 }
  input { font: inherit; width: 100%; box-sizing: border-box; padding: .4rem }
  #state { color: #666 }
</style>
<h1>A small chat</h1>
<p id="state">connecting</p>
<form><input placeholder="Say something" autocomplete="off" autofocus></form>
<ul></ul>
<script>
  const [state, form, input, list] = ['#state', 'form', 'input', 'ul'].map((name) => document.querySelector(name));
  let socket;
  function connect() {
    socket = new WebSocket(location.origin.replace('http', 'ws') + '/ws');
    socket.onopen = () => { state.textContent = 'connected by WebSocket'; };
    socket.onclose = ({ code }) => {
      state.textContent = 'disconnected with code ' + code + ', connecting again';
      setTimeout(connect, 1000);
    };
    socket.onmessage = ({ data }) => {
      const item = document.createElement('li');
      item.textContent = data;
      list.prepend(item);
    };
  }
  form.onsubmit = (event) => {
    event.preventDefault();
    if (input.value !== '' && socket.readyState === WebSocket.OPEN) socket.send(input.value);
    input.value = '';
  };
  connect();
</script>
</html>
`;
