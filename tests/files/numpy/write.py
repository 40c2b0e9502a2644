# Writes texts.json: arrays of many kinds with the text that NumPy prints for them.
import json, numpy as np, sys
rng=np.random.default_rng(7)
cases=[]
def add(a):
    a=np.asarray(a)
    kind='float32' if a.dtype==np.float32 else 'int32'
    bits=a.view(np.int32) if a.ndim else np.array(a).reshape(1).view(np.int32)
    cases.append(dict(type=kind,shape=list(a.shape),bits=bits.ravel().tolist() if a.size<=1000 else None,text=str(a)))
f=np.float32
for v in (0,1,-1,1.5,-0.0,1e-4,9.9e-5,1e16,1.2345678e16,1e15,3.4e38,1e-45,float('nan'),float('inf'),-float('inf'),0.1,123456.789,1/3): add(np.array(v,f))
for a in ([1,2,3],[1.5,2,3.25],[0.1,0.2,0.3],[1e-10,1.5],[1e8,1],[0,0],[-1,1],[1,float('nan')],[float('nan')],[float('inf'),-float('inf'),0.25],[-float('inf')],[1000,1],[1001,1],[0.0001,0.05],[0.00012345678,0.0002],
          [1/3,2/3,-1],[1e-45,3e38],[16777216,0.5],[99999999,1],[-0.0,0.0],[123.456,0.5,float('nan')]): add(np.array(a,f))
for shape in ((3,4),(2,3,4),(1,1),(40,),(7,13),(2,2,2,2),(5,1),(1,30),(30,2),(0,),(3,0),(100,10)):
    add(rng.standard_normal(shape).astype(f)); add((rng.standard_normal(shape)*10**rng.uniform(-6,6)).astype(f)); add(rng.integers(-1000,1000,shape).astype(np.int32)); add(rng.integers(0,4,shape).astype(f))
add(rng.integers(-2**31,2**31-1,(6,9)).astype(np.int32))
# Larger ones count up, so that they need no list.
for shape in ((1001,),(2000,),(40,50),(1001,2),(3,1001),(12,12,12),(3,4,100),(7,7,7,7)):
    add((np.arange(np.prod(shape)).reshape(shape)*0.25).astype(f)); add(np.arange(np.prod(shape)).reshape(shape).astype(np.int32))
json.dump(dict(numpy=np.__version__,cases=cases),open(sys.argv[1],'w'),separators=(',',':'))
