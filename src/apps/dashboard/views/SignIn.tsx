import { useEffect, useRef, useState } from 'preact/hooks';
import { session } from '../state/app';
import { useValue } from '../state/useValue';

/** Asks for the token that the server wants. It stays in this tab and goes nowhere but to the server. */
export const SignIn = () => {
  const rejected = useValue(session.rejected);
  const [token, setToken] = useState('');
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  return (
    <main class="sign-in" id="content">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (token.trim() !== '') void session.signIn(token.trim());
        }}
      >
        <h1>Sign in</h1>
        <p>This server wants a token. It is kept until this tab is closed.</p>
        <label class="stacked">
          Token
          <input
            ref={field}
            name="token"
            type="password"
            required
            autoComplete="off"
            spellcheck={false}
            value={token}
            onInput={(event) => setToken(event.currentTarget.value)}
          />
        </label>
        {rejected !== undefined && (
          <p class="problem" role="alert">
            {rejected}
          </p>
        )}
        <div class="actions actions-start">
          <button type="submit" class="main">
            Sign in
          </button>
        </div>
      </form>
    </main>
  );
};
