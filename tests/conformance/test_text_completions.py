"""Text completions: prompts go on as they are, without a template, plain and streamed, alone and several at once."""

from __future__ import annotations

import math

import httpx2
import pytest

from .answers import JSON, Refusal, Streamed
from .client import FEW_TOKENS, Client

PATH = "/v1/completions"
FRANCE = "The capital of France is"
COUNTING = "One, two, three, four,"
NO_END = {"2": -100}  # the token that ends a text
GREEDY: JSON = {"temperature": 0, "logit_bias": NO_END}


def send(client: Client, prompt: object, /, **fields: object) -> httpx2.Response:
    """Send a short request, whose `fields` may replace its parts, and return whatever comes."""
    body = {"model": client.model, "prompt": prompt, "max_tokens": FEW_TOKENS} | fields
    return client.http.post(PATH, json=body)


def ask(client: Client, prompt: object = FRANCE, /, **fields: object) -> JSON:
    """The plain answer to a request that must succeed."""
    response = send(client, prompt, **fields)
    assert response.status_code == 200, response.text
    answer: JSON = response.json()
    return answer


def texts(answer: JSON) -> list[str]:
    """The texts of a plain answer, in the order of their indexes."""
    assert [choice["index"] for choice in answer["choices"]] == list(range(len(answer["choices"])))
    return [choice["text"] for choice in answer["choices"]]


def stream(client: Client, prompt: object = FRANCE, /, **fields: object) -> Streamed:
    """The stream of a request that must succeed, read to its end."""
    body = {"model": client.model, "prompt": prompt, "max_tokens": FEW_TOKENS, "stream": True} | fields
    with client.http.stream("POST", PATH, json=body) as response:
        if response.status_code != 200:
            raise AssertionError(response.read().decode())
        return Streamed(response.status_code, response.headers).read(response.iter_lines())


def streamed_text(streamed: Streamed, index: int = 0) -> str:
    """The text of one choice, put together."""
    return "".join(piece["text"] for piece in streamed.of(index))


def refuse(client: Client, prompt: object = FRANCE, /, **fields: object) -> Refusal:
    """The refusal of a request that must be refused."""
    response = send(client, prompt, **fields)
    assert response.status_code == 400, f"{response.status_code}: {response.text[:500]}"
    return Refusal.of(response)


def test_a_prompt_goes_on(client: Client) -> None:
    """As a text does, not as a conversation; the answer has OpenAI's shape."""
    answer = ask(client, **GREEDY, max_tokens=4)
    assert "Paris" in texts(answer)[0]
    assert (answer["object"], answer["model"]) == ("text_completion", client.model)
    assert answer["id"].startswith("cmpl-")
    (choice,) = answer["choices"]
    assert (choice["logprobs"], choice["finish_reason"]) == (None, "length")
    assert answer["usage"]["prompt_tokens"] == 5  # no template is put around it
    assert answer["usage"]["completion_tokens"] == 4


def test_a_stream_says_the_same(client: Client) -> None:
    """In pieces, with one end, the usage where it was asked for, and [DONE]."""
    plain = ask(client, **GREEDY)
    streamed = stream(client, **GREEDY, stream_options={"include_usage": True})
    assert streamed_text(streamed) == texts(plain)[0]
    assert streamed.finish_reasons() == ["length"]
    assert {event["object"] for event in streamed.events} == {"text_completion"}
    assert len({event["id"] for event in streamed.events}) == 1
    (usage,) = streamed.usages
    counted = ("prompt_tokens", "completion_tokens", "total_tokens")
    assert [usage[name] for name in counted] == [plain["usage"][name] for name in counted]
    assert streamed.events[-1]["choices"] == []
    assert streamed.done
    assert stream(client).usages == []


def test_sixteen_tokens_are_the_default(client: Client) -> None:
    """OpenAI's, also for null; the prompt's own length has nothing to do with it."""
    for fields in ({"max_tokens": None}, {}):
        body = {"model": client.model, "prompt": FRANCE, **GREEDY, **fields}
        answer = client.http.post(PATH, json=body).json()
        assert answer["usage"]["completion_tokens"] == 16


def test_no_tokens_at_all(client: Client) -> None:
    """The prompt is counted, and nothing is said."""
    answer = ask(client, [FRANCE, COUNTING], max_tokens=0)
    assert texts(answer) == ["", ""]
    assert [choice["finish_reason"] for choice in answer["choices"]] == ["length", "length"]
    assert answer["usage"]["completion_tokens"] == 0
    assert answer["usage"]["prompt_tokens"] > 10


def test_several_prompts(client: Client) -> None:
    """Each has its answer in its place, and counts once."""
    alone = [ask(client, prompt, **GREEDY) for prompt in (FRANCE, COUNTING)]
    both = ask(client, [FRANCE, COUNTING], **GREEDY)
    assert texts(both) == [texts(answer)[0] for answer in alone]
    for name in ("prompt_tokens", "completion_tokens", "total_tokens"):
        assert both["usage"][name] == sum(answer["usage"][name] for answer in alone)


def test_choices_go_round_all_prompts(client: Client) -> None:
    """Those to the first prompt come first; a prompt counts once, however many answers it has."""
    answer = ask(client, [FRANCE, COUNTING], n=2, **GREEDY, max_tokens=5)
    found = texts(answer)
    assert len(found) == 4
    assert found[0] == found[1] != found[2] == found[3]
    assert answer["usage"]["completion_tokens"] == 20
    one = ask(client, [FRANCE, COUNTING], max_tokens=1)["usage"]["prompt_tokens"]
    assert answer["usage"]["prompt_tokens"] == one


def test_more_prompts_than_an_engine_has_places(client: Client) -> None:
    """They take turns, and each is answered."""
    prompts = [f"{number}, {number + 1}, {number + 2}," for number in range(1, 21)]
    answer = ask(client, prompts, **GREEDY, max_tokens=3)
    assert len(texts(answer)) == 20
    assert all(texts(answer))
    assert answer["usage"]["completion_tokens"] == 60


def test_streamed_prompts_are_told_apart(client: Client) -> None:
    """Each index has its own text and end."""
    plain = texts(ask(client, [FRANCE, COUNTING], **GREEDY))
    streamed = stream(client, [FRANCE, COUNTING], **GREEDY)
    assert [streamed_text(streamed, index) for index in (0, 1)] == plain
    assert [streamed.finish_reasons(index) for index in (0, 1)] == [["length"], ["length"]]
    assert streamed.done


def test_token_ids(client: Client) -> None:
    """One text as its ids, or several; they are as many as they are."""
    ids = [504, 2939, 282, 4649, 314]
    answer = ask(client, ids, **GREEDY)
    assert answer["usage"]["prompt_tokens"] == 5
    again = ask(client, [ids, ids[:3]], **GREEDY)
    assert texts(again)[0] == texts(answer)[0]
    assert again["usage"]["prompt_tokens"] == 8
    assert "10000000" in refuse(client, [ids, [10_000_000]]).message


def test_a_seed_repeats_the_answers(client: Client) -> None:
    """Each prompt is drawn as it would be alone, each of its choices differently."""
    drawn = {"seed": 7, "temperature": 1, "n": 2, "logit_bias": NO_END}
    first = texts(ask(client, [COUNTING, FRANCE], **drawn))
    assert texts(ask(client, [COUNTING, FRANCE], **drawn)) == first
    assert texts(ask(client, COUNTING, **drawn)) == first[:2]
    assert first[0] != first[1]


def test_a_stop_text_is_cut_off(client: Client) -> None:
    """The text ends before it, and that is no lack of length."""
    whole = texts(ask(client, COUNTING, **GREEDY))[0]
    answer = ask(client, COUNTING, **GREEDY, stop="six")
    assert whole.startswith(texts(answer)[0])
    assert "six" not in texts(answer)[0]
    assert answer["choices"][0]["finish_reason"] == "stop"


@pytest.mark.parametrize("count", [0, 1, 5])
def test_log_probabilities_in_the_older_form(client: Client, count: int) -> None:
    """Parallel lists: tokens that make up the text, where each begins, and its likeliest alternatives."""
    choice = ask(client, **GREEDY, max_tokens=6, logprobs=count)["choices"][0]
    found = choice["logprobs"]
    assert "".join(found["tokens"]) == choice["text"]
    assert len(found["tokens"]) == len(found["token_logprobs"]) == len(found["top_logprobs"]) == 6
    assert all(logprob <= 0 for logprob in found["token_logprobs"])
    for token, logprob, top, offset in zip(*(found[name] for name in found), strict=True):
        assert choice["text"][offset:].startswith(token)
        assert math.isclose(top[token], logprob, abs_tol=1e-4)
        assert len(top) == max(count, 1)  # the greedy token is the likeliest one


def test_streamed_log_probabilities_go_on(client: Client) -> None:
    """Offsets count from the beginning of the text, whichever piece a token comes in."""
    plain = ask(client, **GREEDY, max_tokens=6, logprobs=2)["choices"][0]["logprobs"]
    pieces = [piece["logprobs"] for piece in stream(client, **GREEDY, max_tokens=6, logprobs=2).of(0)]
    told = [piece for piece in pieces if piece]
    assert [token for piece in told for token in piece["tokens"]] == plain["tokens"]
    assert [offset for piece in told for offset in piece["text_offset"]] == plain["text_offset"]


def test_an_echo(client: Client) -> None:
    """Each answer begins with its prompt, once, in a stream too; it costs nothing more."""
    without = ask(client, [FRANCE, COUNTING], **GREEDY)
    answer = ask(client, [FRANCE, COUNTING], **GREEDY, echo=True)
    assert texts(answer) == [prompt + text for prompt, text in zip((FRANCE, COUNTING), texts(without), strict=True)]
    assert answer["usage"]["completion_tokens"] == without["usage"]["completion_tokens"]
    streamed = stream(client, [FRANCE, COUNTING], **GREEDY, echo=True)
    assert [streamed_text(streamed, index) for index in (0, 1)] == texts(answer)
    assert texts(ask(client, FRANCE, echo=True, max_tokens=0)) == [FRANCE]


def test_the_context_bounds_a_prompt(client: Client) -> None:
    """A prompt that is too long is refused by its place; one that leaves little room is answered with little."""
    context = client.http.get(f"/v1/models/{client.model}").json()["context_length"]
    refusal = refuse(client, ["short", "word " * (context + 100)])
    assert (refusal.param, refusal.code) == ("prompt[1]", "context_length_exceeded")
    near = "word " * (context - 8)
    explicit = refuse(client, near, max_tokens=100)
    assert (explicit.param, explicit.code) == ("max_tokens", "context_length_exceeded")


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"prompt": ""}, "prompt"),
        ({"prompt": []}, "prompt"),
        ({"prompt": None}, "prompt"),
        ({"prompt": ["a", ""]}, "prompt[1]"),
        ({"prompt": ["a", 1]}, "prompt"),
        ({"prompt": [[]]}, "prompt[0]"),
        ({"prompt": [-1]}, "prompt[0]"),
        ({"prompt": [1.5]}, "prompt[0]"),
        ({"prompt": [True]}, "prompt[0]"),
        ({"prompt": {"text": "a"}}, "prompt"),
        ({"prompt": ["a"] * 129}, "prompt"),
        ({"suffix": "the end"}, "suffix"),
        ({"best_of": 3}, "best_of"),
        ({"echo": True, "logprobs": 1}, "echo"),
        ({"echo": True, "prompt": [1]}, "echo"),
        ({"echo": "yes"}, "echo"),
        ({"logprobs": True}, "logprobs"),
        ({"logprobs": -1}, "logprobs"),
        ({"logprobs": 21}, "logprobs"),
        ({"max_tokens": -1}, "max_tokens"),
        ({"max_tokens": 1.5}, "max_tokens"),
        ({"n": 9}, "n"),
        ({"temperature": 2.1}, "temperature"),
        ({"stop": ["1", "2", "3", "4", "5"]}, "stop"),
        ({"logit_bias": {"x": 1}}, "logit_bias"),
    ],
)
def test_what_is_refused(client: Client, fields: JSON, param: str) -> None:
    """400 with the field at fault, before any engine sees it."""
    refusal = refuse(client, FRANCE, **fields)
    assert refusal.param == param
    assert refusal.message.startswith(f"{param}: ")
