import subprocess, time
def test_it(fresh):
    for s in "synthesize validate prepare base tokenize train generate evaluate submit register".split():
        t=time.time(); fresh.dvc("repro","-s",s); print(s, round(time.time()-t,1))
    t=time.time(); fresh.dvc("repro"); print("noop", round(time.time()-t,1))
    print(fresh.text("data/predictions/dev.jsonl"), fresh.text("metrics/train_speed.json"), fresh.text("metrics/generation_speed.json"))
