FROM python:3.11-slim-bookworm

ENV PYTHONUNBUFFERED=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1

RUN useradd --create-home --uid 10001 elbow
# For compose.yaml: a new volume takes over whose the folder is that lies where it comes.
RUN install --directory --owner=elbow --group=elbow --mode=700 /spill
WORKDIR /app

# Before the code, so that a change of code does not install everything again.
COPY requirements.txt ./
RUN python -m pip install --require-hashes -r requirements.txt

# For the warehouses to read from: --build-arg DRIVERS="postgres".
ARG DRIVERS=""
COPY requirements/ requirements/
RUN for driver in $DRIVERS; do python -m pip install --require-hashes -r "requirements/$driver.txt" || exit 1; done

COPY app.py ./
COPY .streamlit/config.toml .streamlit/
COPY sample_data/ sample_data/
COPY core/ core/
COPY charts/ charts/
COPY ui/ ui/
COPY pages/ pages/

# The files stay root's: what serves visitors can't change the code.
USER elbow
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4)"]

# Inside a container only the published port is reachable; the config's 127.0.0.1 would shut out even that.
CMD ["streamlit", "run", "app.py", "--server.address=0.0.0.0"]
