"""FastAPI on uvicorn with uvloop and httptools, one process, access log off: `server.py PORT`."""
import asyncio
import sys

import uvicorn
from fastapi import FastAPI, Request, Response
from served import Served, answer, model, parse, pool

served, threads, app = Served(), pool(), FastAPI()


@app.post(f"/v2/models/{model}/infer")
async def infer(request: Request):
    header_length = request.headers.get("inference-header-content-length")
    rows, binary = parse(served, await request.body(), header_length)
    if threads is None:
        result = served.run(rows)
    else:
        result = await asyncio.get_running_loop().run_in_executor(threads, served.run, rows)
    body, headers = answer(served, result, binary)
    return Response(body, headers=headers)


uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", access_log=False,
            loop="uvloop", http="httptools")
