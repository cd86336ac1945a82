"""The other side of epoch.mjs: the same network as a straightforward loop over the nodes of each tree. Reads batches as JSON, then commands, a line each:
"losses N" prints the losses of the first N steps, "time N" the seconds that N steps take. Every command begins from the first parameters."""
import json
import math
import sys
import time

import torch


def values(size, scale):
    return torch.tensor([math.sin(0.37 * (i + 1)) * scale for i in range(size)])


def main():
    torch.set_num_threads(int(sys.argv[2]))
    with open(sys.argv[1]) as file:
        job = json.load(file)
    width, words, batches = job["width"], job["words"], job["batches"]

    def begin():
        parameters = [
            values(words * width, 0.1).reshape(words, width),
            values(width * 2 * width, 0.2).reshape(width, 2 * width),
            torch.zeros(width),
            values(5 * width, 0.2).reshape(5, width),
            torch.zeros(5),
        ]
        for p in parameters:
            p.requires_grad_()
        return parameters, torch.optim.Adagrad(parameters, lr=0.05, eps=1e-7)

    def step(parameters, optimizer, batch):
        vectors, w, b, u, a = parameters
        states, labels = [], []
        # One look-up a batch: a look-up a word would make a gradient as large as the whole table for each.
        looked_up = vectors[torch.tensor([word for tree in batch for word in tree["words"]])].unbind()
        at = 0
        for tree in batch:
            own = list(looked_up[at : at + len(tree["words"])])
            at += len(tree["words"])
            for left, right in tree["nodes"]:
                own.append(torch.tanh(w @ torch.cat([own[left], own[right]]) + b))
            states.extend(own)
            labels.extend(tree["labels"])
        logits = torch.stack(states) @ u.T + a
        loss = torch.nn.functional.cross_entropy(logits, torch.tensor(labels))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    for line in sys.stdin:
        name, count = line.split()
        parameters, optimizer = begin()
        losses = []
        started = time.perf_counter()
        for i in range(int(count)):
            losses.append(step(parameters, optimizer, batches[i % len(batches)]).item())
        seconds = time.perf_counter() - started
        print(json.dumps(losses if name == "losses" else seconds), flush=True)


main()
