/**
 * How a program of a crowd is asked by the test that started it: a message names what to do, the
 * answer carries the number of the question. It leaves with its test, and never outlives it.
 */

/** Answers each question with what the function of that name returns. */
export function answerTo(functions) {
  process.on('message', (question) => void answer(functions, question));
  process.on('disconnect', () => process.exit());
}

async function answer(functions, { number, what, given }) {
  try {
    process.send({ number, answer: await functions[what](given) });
  } catch (error) {
    process.send({ number, error: String(error) });
  }
}
